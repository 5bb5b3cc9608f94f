import { createHash, timingSafeEqual } from 'node:crypto';
import { AnalyticsError, DEFAULT_PROJECT_ID, isAddress } from '@systemprompt-analytics/core';
import type { FastifyRequest } from 'fastify';
import type { KeyKind, KeyRepository } from '../projects/key-repository.js';
import type { ProjectRepository } from '../projects/project-repository.js';

/** What a route lets its caller do. */
export type Permission = 'ingest' | 'report' | 'administer';

/** Who sent a request. `local` is a program on this machine without a key. */
export interface Principal {
  readonly kind: KeyKind | 'local';
  readonly projectId: string;
  /** Empty without a key of the store. */
  readonly keyId: string;
}

const PERMISSIONS: Readonly<Record<Principal['kind'], readonly Permission[]>> = {
  write: ['ingest'],
  secret: ['ingest'],
  read: ['report'],
  local: ['ingest', 'report'],
  admin: ['ingest', 'report', 'administer'],
};

/** Which kinds of key a message names for a permission. */
const KINDS_FOR: Readonly<Record<Permission, string>> = {
  ingest: 'a write or secret key',
  report: 'a read or admin key',
  administer: 'an admin key',
};

export interface GateOptions {
  readonly keys: KeyRepository;
  readonly projects: ProjectRepository;
  /** Key of this process for the CLI beside it; see serve. */
  readonly localAdminToken: string;
  /** May programs on this machine do without a key? */
  readonly keylessLoopback: boolean;
}

/** Lets requests in, or says what is missing. */
export class Gate {
  readonly #options: GateOptions;
  readonly #localAdminHash: Buffer;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#localAdminHash = sha256(options.localAdminToken);
  }

  /**
   * The caller of a request, and the project that it works in: the key's own, or for an admin key the one it names.
   *
   * @param requestedProject `project_id` of the request, if it has one
   * @throws AnalyticsError `unauthorized`, `forbidden` or `unknown_project`
   */
  async admit(request: FastifyRequest, permission: Permission, requestedProject?: string): Promise<Principal> {
    const principal = await this.#identify(request, permission);
    if (!PERMISSIONS[principal.kind].includes(permission)) {
      const caller = principal.kind === 'local' ? 'A request without a key' : `A ${principal.kind} key`;
      throw new AnalyticsError(
        principal.kind === 'local' ? 'unauthorized' : 'forbidden',
        `${caller} does not allow this; send ${KINDS_FOR[permission]}.`,
      );
    }
    if (requestedProject === undefined || requestedProject === principal.projectId) return principal;
    if (principal.kind !== 'admin') {
      // The same answer whether the project exists or not: a key does not show what else there is.
      const other = JSON.stringify(requestedProject.slice(0, 80));
      const message =
        principal.kind === 'local'
          ? `Without a key only the project "${DEFAULT_PROJECT_ID}" can be reached, not ${other}. On the CLI name the server's data folder with --data, or send a key.`
          : `This key belongs to another project than ${other}.`;
      throw new AnalyticsError('forbidden', message, { path: 'project_id' });
    }
    const project = await this.#options.projects.get(requestedProject);
    return { ...principal, projectId: project.project_id };
  }

  async #identify(request: FastifyRequest, permission: Permission): Promise<Principal> {
    const { authorization } = request.headers;
    if (authorization !== undefined) return this.#identifyByKey(authorization);
    if (this.#options.keylessLoopback && isLocalProgram(request)) return { kind: 'local', projectId: DEFAULT_PROJECT_ID, keyId: '' };
    throw new AnalyticsError('unauthorized', `Send ${KINDS_FOR[permission]} as "Authorization: Bearer KEY".`);
  }

  async #identifyByKey(authorization: string): Promise<Principal> {
    const text = /^Bearer +(\S+)$/i.exec(authorization.trim())?.[1];
    if (text === undefined) throw new AnalyticsError('unauthorized', 'Authorization is not of the form "Bearer KEY".');
    if (timingSafeEqual(sha256(text), this.#localAdminHash)) return { kind: 'admin', projectId: DEFAULT_PROJECT_ID, keyId: '' };
    const key = await this.#options.keys.authenticate(text);
    if (key === undefined) throw new AnalyticsError('unauthorized', 'The key is not known or was revoked.');
    return { kind: key.kind, projectId: key.project_id, keyId: key.key_id };
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Headers a proxy adds: behind one, the peer's address says nothing about who is asking. */
const PROXY_HEADERS = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'] as const;

/**
 * Does the request come from a program on this machine? Not from a web page that makes the browser ask: such a request
 * bears the page's Origin, or, where the page's own name was made to point here, a Host that is not this machine.
 */
export function isLocalProgram(request: Pick<FastifyRequest, 'headers' | 'socket'>): boolean {
  const { headers, socket } = request;
  if (!isLoopbackAddress(socket.remoteAddress ?? '')) return false;
  if (PROXY_HEADERS.some((name) => headers[name] !== undefined)) return false;
  if (!isLoopbackHost(headers.host ?? '')) return false;
  const { origin } = headers;
  return origin === undefined || (isAddress(origin) && isLoopbackHost(new URL(origin).host));
}

/** Is this an address of the loopback network? */
export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/i.test(address);
}

/** Does this `host:port` name the machine itself? */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return name === 'localhost' || name === '[::1]' || name === '::1' || isLoopbackAddress(name);
}
