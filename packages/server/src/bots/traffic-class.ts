import type { SessionScore, TrafficClass } from '@systemprompt-analytics/core';
import type { Mark } from '../sessions/session-mark.js';
import type { BehaviorProfile } from '../sessions/session-row.js';

/** The class of a session that goes on, by the order that `user_sessions.traffic_class` is decided in (sessions/session-row.ts). */
export function trafficClassOf(score: SessionScore, mark: Mark, profile: BehaviorProfile, pageViews: number): TrafficClass {
  if (mark === 'human') return 'human';
  if (mark === 'bot') return 'behavioral_bot';
  if (score.isBot) return 'bot';
  if (score.isAiCrawler) return 'ai_crawler';
  if (score.isScanner) return 'scanner';
  if (profile === 'layered' ? score.isLayeredBot : score.isBehavioralBot) return 'behavioral_bot';
  return pageViews === 0 ? 'ghost' : 'human';
}
