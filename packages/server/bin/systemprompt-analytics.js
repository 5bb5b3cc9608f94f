#!/usr/bin/env node
// Part of the sources, so that npm can link it before anything is built.
import { start } from '../dist/cli/main.js';

await start();
