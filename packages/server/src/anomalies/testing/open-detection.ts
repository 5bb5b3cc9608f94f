import { ManualTime } from '../../live/testing/manual-timer.js';
import { migrate } from '../../store/migrations.js';
import { openEmbedded } from '../../store/testing/open-contract-store.js';
import { type FailingStore, failingStore } from '../../testing/failing-store.js';
import type { Anomaly, AnomalyChange } from '../anomaly.js';
import { AnomalyDetectionService } from '../anomaly-detection-service.js';

/** The service on a real store in a fresh folder. */
export interface TestDetection {
  readonly time: ManualTime;
  readonly store: FailingStore;
  readonly service: AnomalyDetectionService;
  /** What was told of anomalies, in order. */
  readonly changes: AnomalyChange[];
  readonly failures: unknown[];
  /** Moves on, judging every minute, or every so many. */
  pass(minutes: number, stepMinutes?: number): Promise<void>;
  /** All anomalies of a project, as they are stored. */
  stored(projectId?: string): Promise<Anomaly[]>;
  /** Closes the service and its store, and opens both again. */
  restart(): Promise<void>;
  /** Leaves the service as a killed process would, and opens another one on what is stored. */
  kill(): Promise<void>;
  remove(): Promise<void>;
}

/** @param nowMs the time it starts at, UTC milliseconds */
export async function openDetection(nowMs: number): Promise<TestDetection> {
  const contract = await openEmbedded();
  await migrate(contract.store, nowMs);
  const time = new ManualTime(nowMs);
  const changes: AnomalyChange[] = [];
  const failures: unknown[] = [];
  let store = failingStore(contract.store);
  const open = async (): Promise<AnomalyDetectionService> => {
    const service = await AnomalyDetectionService.open(store, {
      clock: time.clock,
      onChange: (change) => changes.push(change),
      onFailure: (error) => failures.push(error),
      storedIp: (ip) => ip.replace(/\.\d+$/, '.0'),
    });
    await service.loaded();
    return service;
  };
  let service = await open();
  return {
    time,
    get store() {
      return store;
    },
    get service() {
      return service;
    },
    changes,
    failures,
    pass: async (minutes, stepMinutes = 1) => {
      for (let minute = 0; minute < minutes; minute += stepMinutes) {
        time.advance(stepMinutes * 60_000);
        await service.tick();
      }
    },
    stored: (projectId = 'default') => service.list(projectId, { status: 'all', limit: 1000 }),
    restart: async () => {
      await service.close();
      await contract.reopen();
      store = failingStore(contract.store);
      service = await open();
    },
    kill: async () => {
      service = await open();
    },
    remove: async () => {
      await service.close();
      await contract.remove();
    },
  };
}
