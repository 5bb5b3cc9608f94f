import { nameOfLevel } from '@systemprompt-analytics/core';
import { isRecent, type LiveFeed } from '../live/live-feed.js';
import type { LiveSessionMessage } from '../live/live-message.js';
import type { BehaviorProfile } from '../sessions/session-row.js';
import type { ThrottleService } from '../throttle/throttle-service.js';
import type { BotWatch, WatchedSession } from './bot-watch.js';
import { trafficClassOf } from './traffic-class.js';

export interface TellSessionsOptions {
  readonly feed: LiveFeed;
  readonly watch: BotWatch;
  readonly throttle: ThrottleService;
  readonly behaviorProfile: BehaviorProfile;
}

/** Tells live subscribers how the sessions of a commit stand; sessions that were imported are not happening now. */
export function tellSessions(watched: readonly WatchedSession[], options: TellSessionsOptions): void {
  const byProject = new Map<string, WatchedSession[]>();
  for (const each of watched) {
    if (!isRecent(each.event)) continue;
    const ofProject = byProject.get(each.event.projectId);
    if (ofProject === undefined) byProject.set(each.event.projectId, [each]);
    else ofProject.push(each);
  }
  for (const [projectId, sessions] of byProject) options.feed.publishSessions(projectId, sessions, (each) => messageOf(each, options));
}

function messageOf({ session, event, isNew, levelBefore }: WatchedSession, options: TellSessionsOptions): LiveSessionMessage {
  const { watch, throttle, behaviorProfile } = options;
  const { level } = throttle.higherLevelOf(event.projectId, session.sessionId, session.visitorId);
  const scores = watch.scoresOf(event.projectId, session);
  const pageViews = session.behavior?.pageRequests ?? 0;
  return {
    change: isNew ? 'opened' : level === levelBefore ? 'updated' : 'level_changed',
    session_id: session.sessionId,
    page_views: pageViews,
    level: nameOfLevel(level),
    traffic_class: scores === undefined ? '' : trafficClassOf(scores, session.mark, behaviorProfile, pageViews),
    bot_score: watch.botScoreOf(event.projectId, session),
  };
}
