import { AnalyticsError } from '@systemprompt-analytics/core';
import { agentList } from './agents/list.js';
import { agentShow } from './agents/show.js';
import { agentStats } from './agents/stats.js';
import { agentTrends } from './agents/trends.js';
import { contentStats } from './content/stats.js';
import { contentTop } from './content/top.js';
import { contentTrends } from './content/trends.js';
import { conversationList } from './conversations/list.js';
import { conversationStats } from './conversations/stats.js';
import { conversationTrends } from './conversations/trends.js';
import { costBreakdown } from './costs/breakdown.js';
import { costSummary } from './costs/summary.js';
import { costTrends } from './costs/trends.js';
import { costsUnpriced } from './costs/unpriced.js';
import type { ReportDefinition } from './definition.js';
import { overview } from './overview/overview.js';
import { requestList } from './requests/list.js';
import { requestModels } from './requests/models.js';
import { requestStats } from './requests/stats.js';
import { requestTrends } from './requests/trends.js';
import { sessionList } from './sessions/list.js';
import { sessionsLive } from './sessions/live.js';
import { sessionStats } from './sessions/stats.js';
import { sessionTrends } from './sessions/trends.js';
import { toolList } from './tools/list.js';
import { toolShow } from './tools/show.js';
import { toolStats } from './tools/stats.js';
import { toolTrends } from './tools/trends.js';
import { trafficBots } from './traffic/bots.js';
import { trafficChannels } from './traffic/channels.js';
import { trafficDevices } from './traffic/devices.js';
import { trafficGeo } from './traffic/geo.js';
import { trafficPages } from './traffic/pages.js';
import { trafficSources } from './traffic/sources.js';
import { trafficTrends } from './traffic/trends.js';

export { describeReport, type ReportDescription } from './describe-report.js';

/** Every report, in the order they are listed. */
export const REPORTS: readonly ReportDefinition[] = [
  overview,
  costSummary,
  costBreakdown,
  costTrends,
  costsUnpriced,
  requestStats,
  requestList,
  requestTrends,
  requestModels,
  agentStats,
  agentList,
  agentTrends,
  agentShow,
  toolStats,
  toolList,
  toolTrends,
  toolShow,
  conversationStats,
  conversationList,
  conversationTrends,
  sessionStats,
  sessionTrends,
  sessionList,
  sessionsLive,
  trafficSources,
  trafficChannels,
  trafficGeo,
  trafficDevices,
  trafficPages,
  trafficBots,
  trafficTrends,
  contentStats,
  contentTop,
  contentTrends,
];

/**
 * The report of this name.
 *
 * @throws AnalyticsError `unknown_report`, naming those that exist
 */
export function findReport(group: string, name: string): ReportDefinition {
  const found = REPORTS.find((report) => report.group === group && report.name === name);
  if (found !== undefined) return found;
  const ofGroup = REPORTS.filter((report) => report.group === group);
  const asked = JSON.stringify(`${group}/${name}`.slice(0, 80));
  const known =
    ofGroup.length > 0
      ? `${group} has: ${ofGroup.map((report) => report.name).join(', ')}.`
      : `There are: ${REPORTS.map((report) => `${report.group}/${report.name}`).join(', ')}.`;
  throw new AnalyticsError('unknown_report', `${asked} is not a report. ${known}`);
}
