import { KEY_KINDS } from '../../projects/key-repository.js';
import type { Json } from './json.js';
import { FAILS, failures, jsonAnswer, jsonBody, PROJECT_PARAMETER, pathParameter } from './operations.js';
import { choice, given, listOf, named, object, text, time, timeOrNull } from './schemas.js';

const KEY_EXAMPLE: Json = {
  key_id: 'key_Vd0cNw3ZkQxB',
  project_id: 'shop',
  kind: 'secret',
  name: 'backend',
  prefix: 'sa_secret_Jq4u',
  created_at: '2026-03-02T12:04:00.000Z',
  revoked_at: null,
};
const REVOKED_EXAMPLE: Json = { ...KEY_EXAMPLE, revoked_at: '2026-03-02T12:04:00.000Z' };
const DEFAULT_PROJECT_EXAMPLE: Json = {
  project_id: 'default',
  name: 'Default',
  time_zone: 'UTC',
  created_at: '2026-03-02T12:00:00.000Z',
};
const PROJECT_EXAMPLE: Json = {
  project_id: 'shop',
  name: 'The shop',
  time_zone: 'Europe/Berlin',
  created_at: '2026-03-02T12:04:00.000Z',
};

const ERASED_EXAMPLE: Json = {
  ai_requests: 0,
  mcp_tool_executions: 0,
  task_messages: 0,
  analytics_events: 1,
  engagement_events: 0,
  http_requests: 0,
  spans: 0,
  agent_tasks: 0,
  session_changes: 0,
  session_verdicts: 1,
  session_marks: 0,
  user_sessions: 1,
  fingerprint_reputation: 0,
};

const KEY_FIELDS: Json = {
  key_id: text('Its id'),
  project_id: text('Its project'),
  kind: choice(KEY_KINDS, 'What it may do'),
  name: text('What people call it; may be empty'),
  prefix: text('First characters of the key, to tell keys apart'),
  created_at: time('When it was made'),
  revoked_at: timeOrNull('When it was revoked; null while it holds'),
};

/** `/v1/projects`, `/v1/keys` and `/v1/erase`. */
export function administrationPaths(): Json {
  return {
    '/v1/projects': {
      get: {
        tags: ['administration'],
        operationId: 'listProjects',
        summary: 'The projects',
        responses: {
          '200': jsonAnswer('The projects', object({ projects: listOf(named('Project'), 'All of them') }), {
            projects: [DEFAULT_PROJECT_EXAMPLE, PROJECT_EXAMPLE],
          }),
          ...failures(['unauthorized', 'forbidden'], FAILS.query, FAILS.store),
        },
      },
      post: {
        tags: ['administration'],
        operationId: 'createProject',
        summary: 'Make a project',
        requestBody: jsonBody(
          given(
            {
              project_id: text('1 to 64 lower-case letters, digits, - and _'),
              name: text('What people call it'),
              time_zone: text('IANA name, in which days and weeks of its reports begin. Default UTC'),
            },
            ['project_id'],
          ),
          { project_id: 'shop', name: 'The shop', time_zone: 'Europe/Berlin' },
        ),
        responses: {
          '201': jsonAnswer('The project', named('Project'), PROJECT_EXAMPLE),
          ...failures(
            ['missing_field', 'invalid_parameter', 'unauthorized', 'forbidden', 'conflict'],
            FAILS.fields,
            FAILS.body,
            FAILS.store,
          ),
        },
      },
    },
    '/v1/keys': {
      get: {
        tags: ['administration'],
        operationId: 'listKeys',
        summary: 'The keys, without their text',
        parameters: [{ ...PROJECT_PARAMETER, description: 'Those of one project. Default all' }],
        responses: {
          '200': jsonAnswer('The keys', object({ keys: listOf(named('Key'), 'Oldest first') }), { keys: [REVOKED_EXAMPLE] }),
          ...failures(FAILS.query, FAILS.admission, FAILS.store),
        },
      },
      post: {
        tags: ['administration'],
        operationId: 'createKey',
        summary: 'Make a key; its text is in this answer only',
        requestBody: jsonBody(
          given({ project_id: text('Its project'), kind: choice(KEY_KINDS, 'What it may do'), name: text('What people call it') }, [
            'project_id',
            'kind',
          ]),
          { project_id: 'shop', kind: 'secret', name: 'backend' },
        ),
        responses: {
          '201': jsonAnswer('The key', object({ ...KEY_FIELDS, key: text('The key itself; the server keeps only its SHA-256') }), {
            ...KEY_EXAMPLE,
            key: 'sa_secret_Jq4u2l9vB7mTn0cXeR5yKp8wZs1fHd6aGi3oQk_LxVE',
          }),
          ...failures(
            ['missing_field', 'invalid_parameter', 'unauthorized', 'forbidden', 'unknown_project'],
            FAILS.fields,
            FAILS.body,
            FAILS.store,
          ),
        },
      },
    },
    '/v1/keys/{key_id}': {
      delete: {
        tags: ['administration'],
        operationId: 'revokeKey',
        summary: 'Revoke a key',
        parameters: [pathParameter('key_id', 'Its key_id', 'key_Vd0cNw3ZkQxB')],
        responses: {
          '200': jsonAnswer('The revoked key', named('Key'), REVOKED_EXAMPLE),
          ...failures(['unauthorized', 'forbidden', 'unknown_key'], FAILS.store),
        },
      },
    },
    '/v1/erase': {
      post: {
        tags: ['administration'],
        operationId: 'erase',
        summary: 'Erase what is stored of a user, a visitor or a session',
        description: 'For admin keys. Answered when no report shows any of it. It cannot be taken back.',
        parameters: [PROJECT_PARAMETER],
        requestBody: jsonBody(
          {
            ...given({ user_id: text('A user'), visitor_id: text('A fingerprint or cookieless hash'), session_id: text('A session') }),
            description: 'Exactly one of the three',
            minProperties: 1,
          },
          { session_id: 'visit-2' },
        ),
        responses: {
          '200': jsonAnswer(
            'What was erased',
            object({
              erased_rows: {
                type: 'object',
                description: 'Rows by table; several rows of one event or session, as they come about by later statements, count each',
                additionalProperties: { type: 'integer', minimum: 0 },
              },
            }),
            { erased_rows: ERASED_EXAMPLE },
          ),
          ...failures(['missing_field'], FAILS.fields, FAILS.query, FAILS.body, FAILS.admission, FAILS.store),
        },
      },
    },
  };
}

export const PROJECT: Json = object({
  project_id: text('Its id'),
  name: text('What people call it'),
  time_zone: text('IANA name'),
  created_at: time('When it was made'),
});

export const KEY: Json = object(KEY_FIELDS);
