import { expect } from 'vitest';
import { openTestProduct, type TestProduct } from '../../testing/test-product.js';
import { findReport } from '../registry.js';
import { type ReportAnswer, runReport } from '../run-report.js';
import type { Facts } from './report-oracle.js';
import { NOW_MS } from './report-seed.js';

export interface ReportRun {
  readonly projectId?: string;
  readonly timeZone?: string;
  readonly nowMs?: number;
}

/** A product of its own and a way to ask it for reports by name. */
export interface TestReports extends TestProduct {
  report(name: string, parameters?: Record<string, string>, run?: ReportRun): Promise<ReportAnswer>;
}

export async function openReports(): Promise<TestReports> {
  const opened = await openTestProduct({ nowMs: NOW_MS });
  return Object.assign(opened, {
    report: (name: string, parameters: Record<string, string> = {}, run: ReportRun = {}) => {
      const [group = '', report = ''] = name.split('.');
      const { projectId = 'default', timeZone = 'UTC', nowMs = NOW_MS } = run;
      const { store, snapshots } = opened.product;
      return runReport(findReport(group, report), { projectId, timeZone, parameters, nowMs }, store, () => snapshots.refresh());
    },
  });
}

/** Sends events in batches of some size, as clients do. */
export async function sendAll(reports: TestReports, events: readonly unknown[], batch = 700): Promise<void> {
  for (let start = 0; start < events.length; start += batch) {
    const answer = await reports.send(events.slice(start, start + batch));
    expect(answer.rejected).toEqual([]);
  }
}

/** Every fact is in the row: exactly, but for floats, which differ in their last digits by the order of the sums. */
export function expectFacts(row: Facts | null | undefined, facts: Facts, about = ''): void {
  for (const [name, expected] of Object.entries(facts)) {
    const actual = row?.[name];
    const label = `${about} ${name}`;
    if (typeof expected === 'number' && !Number.isInteger(expected) && typeof actual === 'number') {
      expect(Math.abs(actual - expected), `${label}: ${actual} is ${expected}`).toBeLessThanOrEqual(Math.abs(expected) * 1e-9);
    } else if (typeof expected === 'number' && typeof actual === 'number' && !Number.isInteger(actual)) {
      expect(actual, label).toBeCloseTo(expected, 9);
    } else expect(actual, label).toEqual(expected);
  }
}
