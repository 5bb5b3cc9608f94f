import { allowsRequests, nameOfLevel, ThrottleLevel } from '@systemprompt-analytics/core';
import type { ThrottledSession } from '../ingest/ingest-service.js';
import type { ThrottleService } from '../throttle/throttle-service.js';

/** The higher level of a session and its visitor, as a sender is told of it; undefined at the normal one. */
export function throttledSession(
  throttle: ThrottleService,
  projectId: string,
  sessionId: string,
  visitorId: string,
): ThrottledSession | undefined {
  const { level, reason } = throttle.higherLevelOf(projectId, sessionId, visitorId);
  if (level === ThrottleLevel.Normal) return undefined;
  return { session_id: sessionId, level: nameOfLevel(level), level_number: level, allowed: allowsRequests(level), reason };
}
