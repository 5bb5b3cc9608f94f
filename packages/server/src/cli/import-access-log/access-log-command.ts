import { ACCESS_LOG_FORMATS, type AccessLogFormat } from '@systemprompt-analytics/core';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { addProjectOptions, type CliContext } from '../cli-context.js';
import { addSendingOptions, type SendingOptions } from '../import-options.js';
import { type AccessLogOptions, importAccessLog } from './import-access-log.js';

const DESCRIPTION = `import the access log of a web server

Read are the combined and common formats of Apache httpd, nginx and others, also with a leading host:port column, and JSON
lines as nginx, Caddy, Traefik and others write them. Every line becomes one http_request event; the server decides which
of them are page views. Requests that are no HTTP count too: they tell of scanners.

The same log again, under another name, as .gz or grown, changes nothing: the id of a request is made of the text of its
line, of the site, and of its number among equal lines. A plain file is read on from where the last import ended, through
rotation; how far it came is noted in the data folder. Sessions are the same in whatever order logs are imported. One
over midnight keeps the visitor of the day that came first, so import the older log first and leave the concurrency at 1.

Where the log has names instead of addresses, a hash of name and user agent stands for the visitor.`;

interface CommandLine extends Omit<AccessLogOptions, 'format'> {
  readonly format: AccessLogFormat | 'auto';
}

/** Adds `access-log FILE` to the command `import`. */
export function addAccessLogCommand(parent: Command, context: CliContext): void {
  const command = parent
    .command('access-log')
    .summary('import the access log of a web server')
    .description(DESCRIPTION)
    .argument('<file>', 'access log, plain or .gz; - reads standard input')
    .option('--site <url>', 'origin of the site for lines that name no host (default: what the log says of it)', readSite)
    .addOption(new Option('--format <format>', 'how the lines are written').choices(['auto', ...ACCESS_LOG_FORMATS]).default('auto'))
    .option('--follow', 'go on with what is appended, through rotation, until Ctrl-C')
    .option('--restart', 'read the log from its beginning; what is known counts once');
  addProjectOptions(addSendingOptions(command, 1)).action(async (file: string) => {
    const { format, ...options } = { ...command.opts<CommandLine>(), ...givenOptions(parent) };
    await importAccessLog(file, format === 'auto' ? options : { ...options, format }, context);
  });
}

/**
 * The parser gives an option that both commands have to the one above, wherever it stands on the command line. Its
 * defaults are not this command's.
 */
function givenOptions(parent: Command): Partial<SendingOptions> {
  return Object.fromEntries(Object.entries(parent.opts()).filter(([name]) => parent.getOptionValueSource(name) === 'cli'));
}

function readSite(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isOrigin = url !== undefined && /^https?:$/.test(url.protocol) && /^https?:\/\/[^/?#@]+\/?$/i.test(text.trim());
  if (isOrigin) return url.origin;
  throw new InvalidArgumentError('Allowed: scheme and host, such as https://example.com, without a path.');
}
