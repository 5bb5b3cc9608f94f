import type { Timer } from '../timer.js';
import type { SessionRepository } from './session-repository.js';

export interface SessionCleanupOptions {
  readonly sessions: SessionRepository;
  /** The projects to clean up. */
  readonly projectIds: () => Promise<readonly string[]>;
  /** Sessions without activity for so long are ended; above 0. */
  readonly inactiveHours: number;
  /** Cleans up every hour; without one only {@link SessionCleanupService.run} does. */
  readonly timer?: Timer | undefined;
  /** Told of a run in the background that failed; the next one is an hour later. */
  readonly onFailure: (error: unknown) => void;
}

const PAUSE_MS = 3_600_000;

/**
 * Ends sessions that nobody touched for hours.
 *
 * @example
 * const cleanup = new SessionCleanupService({ sessions, projectIds, inactiveHours: 0.1, onFailure: console.error });
 * const ended = await cleanup.run();
 */
export class SessionCleanupService {
  readonly #options: SessionCleanupOptions;
  #stopped = false;

  constructor(options: SessionCleanupOptions) {
    this.#options = options;
  }

  /** Ends what is inactive now, in every project; says how many sessions were ended. */
  async run(): Promise<number> {
    const { sessions, projectIds, inactiveHours } = this.#options;
    let ended = 0;
    for (const projectId of await projectIds()) ended += await sessions.endInactive(projectId, inactiveHours);
    return ended;
  }

  /** Cleans up every hour from now on. */
  start(): void {
    const { timer, onFailure } = this.#options;
    timer?.after(PAUSE_MS, () => {
      if (this.#stopped) return;
      this.run()
        .catch(onFailure)
        .finally(() => this.start());
    });
  }

  /** Nothing is cleaned up afterwards. */
  stop(): void {
    this.#stopped = true;
  }
}
