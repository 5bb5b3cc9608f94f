import { bind, render, sql } from '../store/sql.js';
import type { Store } from '../store/store.js';
import { groupBy } from './group-by.js';

/** A task that something new was said about. */
export interface TouchedTask {
  readonly projectId: string;
  readonly taskId: string;
}

/** Tasks per statement, so that one statement stays small. */
const TASKS_PER_STATEMENT = 5_000;

/**
 * Writes the row that reports read of each of these tasks anew, from all that was ever said about it. Nothing is added
 * up, so writing it twice changes nothing.
 *
 * @param version later ones replace earlier ones
 */
export async function snapshotTasks(store: Store, touched: readonly TouchedTask[], version: number): Promise<void> {
  for (const [projectId, ofProject] of groupBy(touched, (task) => task.projectId)) {
    const taskIds = [...new Set(ofProject.map((task) => task.taskId))];
    for (let start = 0; start < taskIds.length; start += TASKS_PER_STATEMENT) {
      await store.command(
        render(sql`INSERT INTO agent_tasks SELECT *, ${bind.uint(version)} FROM merged_agent_tasks
          WHERE project_id = ${bind.string(projectId)} AND task_id IN ${bind.strings(taskIds.slice(start, start + TASKS_PER_STATEMENT))}`),
        { seconds: 120 },
      );
    }
  }
}
