import { ERROR_CODES, EVENT_FIELDS } from '@systemprompt-analytics/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPORTS } from '../reports/registry.js';
import { renderDocumentation } from './documentation-page.js';
import type { Json } from './openapi.js';
import { openTestServer, type TestServer } from './testing/test-server.js';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean; readonly schema: object }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

let server: TestServer;
let api: Record<string, unknown> = {};
let page = '';
beforeAll(async () => {
  server = await openTestServer();
  // From elsewhere: the documentation needs no key.
  api = (await server.send({ path: '/openapi.json', from: '203.0.113.9' })).json();
  page = (await server.send({ path: '/docs', from: '203.0.113.9' })).text;
});
afterAll(() => server.close());

const operations = (): [string, string, Operation][] =>
  Object.entries(api['paths'] as Record<string, Record<string, Operation>>).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, string, Operation] => [path, method, operation]),
  );
/** Every object in a JSON value. */
function* objectsIn(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const each of Object.values(value)) yield* objectsIn(each);
}

describe('/openapi.json', () => {
  it('is a document of OpenAPI 3.1', () => {
    expect(api).toMatchObject({
      openapi: '3.1.0',
      info: { title: 'systemprompt-analytics', version: expect.stringMatching(/^\d+\.\d+\.\d+/) },
    });
    expect(operations().length).toBeGreaterThan(REPORTS.length + 8);
  });

  it('has references that lead somewhere', () => {
    const references = [...objectsIn(api)].flatMap((each) => (typeof each['$ref'] === 'string' ? [each['$ref']] : []));
    expect(references.length).toBeGreaterThan(5);
    for (const reference of new Set(references)) {
      expect(reference).toMatch(/^#\//);
      const found = reference
        .slice(2)
        .split('/')
        .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], api);
      expect(found, reference).toBeTypeOf('object');
    }
  });

  it('names every operation once, with a summary, a known tag and a good answer', () => {
    const names = operations().map(([, , operation]) => operation.operationId);
    expect(new Set(names).size).toBe(names.length);
    const tags = (api['tags'] as { readonly name: string }[]).map((tag) => tag.name);
    for (const [path, method, operation] of operations()) {
      expect(operation.summary, `${method} ${path}`).toMatch(/\S/);
      expect(tags, `${method} ${path}`).toContain(operation.tags[0]);
      expect(
        Object.keys(operation.responses).some((status) => status.startsWith('2')),
        `${method} ${path}`,
      ).toBe(true);
      for (const [status, response] of Object.entries(operation.responses)) {
        expect(status).toMatch(/^[2-5]\d\d$/);
        expect(response.description).toMatch(/\S/);
      }
    }
  });

  it('declares the parameters of a path', () => {
    for (const [path, method, operation] of operations()) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect(
        declared.map((parameter) => parameter.name),
        `${method} ${path}`,
      ).toEqual(inPath);
      for (const parameter of declared) expect(parameter.required).toBe(true);
      const names = (operation.parameters ?? []).map((parameter) => parameter.name);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it.each(
    REPORTS.map(
      (report) =>
        [report.group === report.name ? `/v1/reports/${report.group}` : `/v1/reports/${report.group}/${report.name}`, report] as const,
    ),
  )('has %s with its parameters and columns', async (path, report) => {
    const operation = operations().find(([at, method]) => at === path && method === 'get')?.[2];
    expect(operation?.operationId).toBe(`${report.group}_${report.name}`);
    const catalogue = (await server.send({ path: '/v1/reports' })).json()['reports'] as Record<
      string,
      { readonly name: string }[] & string
    >[];
    const described = catalogue.find((each) => each['path'] === path);
    const names = (described?.['parameters'] ?? []).map((parameter) => parameter.name);
    expect(operation?.parameters?.map((parameter) => parameter.name)).toEqual([...names, 'project_id', 'format']);
    const schema = operation?.responses['200']?.content?.['application/json']?.schema as {
      readonly properties: { readonly rows: { readonly items: { readonly properties: object } } };
    };
    expect(Object.keys(schema.properties.rows.items.properties)).toEqual((described?.['columns'] ?? []).map((column) => column.name));
  });

  // That the server has no others stands in openapi/routes.test.ts.
  it('has operations that the server has', async () => {
    for (const [path, method] of operations()) {
      const answer = await server.send({ path: path.replace(/\{\w+\}/g, 'x'), method: method.toUpperCase(), from: '203.0.113.9' });
      expect(answer.text, `${method} ${path}`).not.toMatch(/"code":"(?:not_found|method_not_allowed)"/);
    }
  });

  it('shows an example of every JSON body and every JSON answer but those of reports', () => {
    const json = (content: Operation['responses'][string]['content']) => content?.['application/json'];
    const without = operations().flatMap(([path, , { operationId, requestBody, responses }]) => {
      if (path.startsWith('/v1/reports') || !path.startsWith('/v1/')) return [];
      const answers = Object.entries(responses).flatMap(([status, { content }]) => (status.startsWith('2') ? [json(content)] : []));
      return [json(requestBody?.content), ...answers].some((each) => each !== undefined && !('example' in each)) ? [operationId] : [];
    });
    expect(without).toEqual([]);
  });

  it('has every field of an event and every code of a problem', () => {
    const { schemas } = api['components'] as {
      readonly schemas: Record<string, { readonly properties: Record<string, { readonly enum?: readonly string[] }> }>;
    };
    expect(Object.keys(schemas['Event']?.properties ?? {})).toEqual(expect.arrayContaining(EVENT_FIELDS.map((field) => field.name)));
    expect(schemas['Problem']?.properties['code']?.enum).toEqual(Object.keys(ERROR_CODES));
  });
});

describe('/docs', () => {
  it('is where / leads', async () => {
    const answer = await server.send({ path: '/', from: '203.0.113.9' });
    expect(answer.status).toBe(302);
    expect(answer.headers.location).toBe('/docs');
  });

  it('is a page without scripts or foreign resources', async () => {
    const answer = await server.send({ path: '/docs' });
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).not.toMatch(/<script|<img|<link|src=|javascript:/i);
  });

  it('shows every operation and links to it', () => {
    for (const [path, method, { operationId }] of operations()) {
      expect(page).toContain(`<a href="#${operationId}">${method.toUpperCase()} ${path}</a>`);
      expect(page).toContain(`<section id="${operationId}">`);
    }
  });

  it('has a place for every code that a problem points to, and every field', () => {
    for (const [code, { help }] of Object.entries(ERROR_CODES)) {
      expect(page).toContain(`id="${code}"`);
      expect(page).toContain(help.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'));
    }
    for (const { name } of EVENT_FIELDS) expect(page).toContain(`<code>${name}</code>`);
  });

  it('is well-formed: every element that is opened is closed', () => {
    const open: string[] = [];
    for (const [, closing, name = ''] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*>/g)) {
      if (['meta', 'br'].includes(name)) continue;
      if (closing === '') open.push(name);
      else expect(open.pop()).toBe(name);
    }
    expect(open).toEqual([]);
  });

  it('shows hostile texts as texts', () => {
    const text = '<script>alert("x")</script>';
    const hostile: Json = {
      info: { title: text, version: text, description: text },
      paths: {
        [text]: {
          get: {
            operationId: text,
            summary: text,
            description: text,
            parameters: [{ name: text, description: text, schema: { default: text, enum: [text] } }],
          },
        },
      },
      components: { schemas: { Event: { properties: { [text]: { type: text, description: text } } } } },
    };
    const rendered = renderDocumentation(hostile);
    expect(rendered).not.toContain('<script');
    expect(rendered).not.toContain('("x")');
    expect(rendered).toContain('&lt;script&gt;');
  });
});
