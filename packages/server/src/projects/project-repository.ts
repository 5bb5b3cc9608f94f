import { AnalyticsError, DEFAULT_PROJECT_ID } from '@systemprompt-analytics/core';
import { render, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';
import { RefreshedRows } from './refreshed-rows.js';

/** Data of one project is never seen from another one. */
export interface Project {
  readonly project_id: string;
  readonly name: string;
  /** IANA name; days and weeks of its reports start in it. */
  readonly time_zone: string;
  /** ISO 8601. */
  readonly created_at: string;
}

const PROJECT_ID = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const NAME_LENGTH_MAX = 256;

/** The projects of an installation. */
export class ProjectRepository {
  readonly #store: Store;
  readonly #clock: () => number;
  readonly #known: RefreshedRows<Project>;
  #making: Promise<unknown> = Promise.resolve();

  constructor(store: Store, clock: () => number) {
    this.#store = store;
    this.#clock = clock;
    this.#known = new RefreshedRows(
      () => this.list(),
      (project) => project.project_id,
      clock,
    );
  }

  /** All projects, oldest first. */
  list(): Promise<Project[]> {
    return this.#store.query(
      render(sql`SELECT project_id, name, time_zone, created_at FROM projects FINAL ORDER BY created_at, project_id`),
    );
  }

  /** @throws AnalyticsError `unknown_project` */
  async get(projectId: string): Promise<Project> {
    const project = await this.#known.find(projectId);
    if (project === undefined)
      throw new AnalyticsError('unknown_project', `There is no project ${JSON.stringify(projectId.slice(0, 80))}.`, { path: 'project_id' });
    return project;
  }

  /**
   * Makes a project.
   *
   * @param timeZone IANA name. @default 'UTC'
   * @throws AnalyticsError `invalid_parameter` or `conflict`
   */
  async create(projectId: string, name: string = projectId, timeZone = 'UTC'): Promise<Project> {
    if (!PROJECT_ID.test(projectId)) {
      throw new AnalyticsError(
        'invalid_parameter',
        `project_id is ${JSON.stringify(projectId.slice(0, 80))}; it starts with a lower-case letter or a digit and has at most 64 of those, "_" and "-".`,
        { path: 'project_id' },
      );
    }
    if (name.length > NAME_LENGTH_MAX) {
      throw new AnalyticsError('invalid_parameter', `name has ${name.length} characters; at most ${NAME_LENGTH_MAX} are allowed.`, {
        path: 'name',
      });
    }
    const zone = canonicalTimeZone(timeZone);
    // One after the other, so that of two with the same id one is told.
    const making = this.#making.then(() => this.#insert({ project_id: projectId, name, time_zone: zone }));
    this.#making = making.catch(() => undefined);
    return making;
  }

  async #insert(fields: Omit<Project, 'created_at'>): Promise<Project> {
    const { project_id: projectId } = fields;
    const existing = (await this.list()).find((project) => project.project_id === projectId);
    if (existing !== undefined) throw new AnalyticsError('conflict', `The project ${projectId} exists already.`, { path: 'project_id' });
    const nowMs = this.#clock();
    const project: Project = { ...fields, created_at: new Date(nowMs).toISOString() };
    await this.#store.insert('projects', [{ ...project, version: nowMs }]);
    await this.#known.reload();
    return project;
  }

  /** Makes the project that every installation has, unless it is there. */
  async ensureDefault(): Promise<void> {
    if ((await this.#known.find(DEFAULT_PROJECT_ID)) === undefined) await this.create(DEFAULT_PROJECT_ID, 'Default');
  }
}

/** The engine knows the names of the IANA database only, so offsets such as "+02:00" are refused. */
function canonicalTimeZone(timeZone: string): string {
  try {
    if (/^[A-Za-z]/.test(timeZone)) return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone;
  } catch {
    // Falls through to the message below.
  }
  throw new AnalyticsError(
    'invalid_parameter',
    `time_zone is ${JSON.stringify(timeZone.slice(0, 80))}; it is an IANA name such as UTC, Europe/Berlin or America/New_York.`,
    { path: 'time_zone' },
  );
}
