import { percent } from './behavioral-signals.js';
import { confidence, type LayerTally, ramp, within } from './layer-tally.js';
import type { LayerWeights } from './layered-rules.js';
import type { SessionBehavior } from './session-behavior.js';
import type { SessionContext } from './session-context.js';
import { gapVariation, sequenceShare } from './session-request.js';

/** A stay this many times as long as the neutral one counts in full for a person, and this much shorter in full for a program. */
const STAY_FULL_RATIO = 6;
/** How far the variation lies from the neutral one when it counts in full. */
const VARIATION_FULL_DISTANCE = 0.6;
const TAIL_FULL_RATIO = 3;
/** Even waits between 2 and 4 seconds vary by 0.19; below that there is hardly any chance in them. */
const CLOCKWORK_FROM_VARIATION = 0.2;
const CLOCKWORK_FULL_VARIATION = 0.05;
/** Shares of short gaps: people open several pages at once, so half of them says nothing. */
const HURRIED_FROM_SHARE = 0.6;
const HURRIED_FULL_SHARE = 0.95;
const INSTANT_FULL_MS = 200;
const INSTANT_FROM_MS = 1500;
const SORTED_FROM_SHARE = 0.5;
const SORTED_FULL_SHARE = 0.9;
const SORTED_PAGES_MIN = 5;
const COVERAGE_FROM_SHARE = 0.3;
const COVERAGE_FULL_SHARE = 0.9;
const MANY_PAGES_FROM = 40;
const MANY_PAGES_FULL = 600;

/**
 * The rhythm of the page views. People stay on some page for long and leave others at once: their gaps are spread widely, with a
 * heavy tail. Scripts wait a fixed time, or a random one of limited width. Every part is continuous and goes both ways.
 */
export function addTiming(tally: LayerTally, behavior: SessionBehavior, _context: SessionContext, { timing }: LayerWeights): void {
  const { pageRequests, gapMaxMs, typicalGapMs } = behavior;
  if (pageRequests < timing.pages_min || pageRequests < 2) return;
  const gaps = pageRequests - 1;
  const weight = confidence(gaps, timing.gaps_half);

  const stay = within(Math.log((timing.stay_seconds * 1000) / Math.max(1, gapMaxMs)) / Math.log(STAY_FULL_RATIO));
  if (tally.add(weight * timing.short_stays * stay)) tally.say(`The longest stay on a page was ${seconds(gapMaxMs)}.`);

  const variation = gapVariation(behavior);
  if (variation !== null) {
    const even = within((timing.even_variation - variation) / VARIATION_FULL_DISTANCE);
    if (tally.add(weight * timing.even * even)) tally.say(`The gaps between page views vary by ${variation.toFixed(2)} of their mean.`);
  }

  const ratio = gapMaxMs / Math.max(1, typicalGapMs);
  const noTail = within(Math.log(timing.tail_ratio / Math.max(1, ratio)) / Math.log(TAIL_FULL_RATIO));
  if (gapMaxMs > 0 && tally.add(weight * timing.no_tail * noTail)) {
    tally.say(`The longest gap is ${ratio.toFixed(1)} times the typical one (${seconds(typicalGapMs)}).`);
  }

  const shortShare = behavior.shortGaps / gaps;
  if (tally.add(weight * timing.hurried * ramp(shortShare, HURRIED_FROM_SHARE, HURRIED_FULL_SHARE))) {
    tally.say(`${percent(shortShare)} of the gaps are 3 seconds or less.`);
  }
  if (tally.add(weight * timing.instant * ramp(-typicalGapMs, -INSTANT_FROM_MS, -INSTANT_FULL_MS))) {
    tally.say(`The typical gap is ${seconds(typicalGapMs)}.`);
  }
  if (tally.points > timing.points_max) tally.add(timing.points_max - tally.points);
  // The values of these gaps stand in the sentence on their variation.
  if (variation !== null) tally.add(weight * timing.clockwork * ramp(-variation, -CLOCKWORK_FROM_VARIATION, -CLOCKWORK_FULL_VARIATION));
}

/** The way through the site: people go back and see pages again, crawlers see each page once and in order. */
export function addNavigation(tally: LayerTally, behavior: SessionBehavior, context: SessionContext, weights: LayerWeights): void {
  addMethods(tally, behavior, weights);
  addWay(tally, behavior, weights);
  addExtent(tally, behavior, context, weights);
}

function addMethods(tally: LayerTally, { headRequests, oddMethods }: SessionBehavior, { navigation }: LayerWeights): void {
  if (headRequests > 0 && tally.add(navigation.head)) tally.say('It sent HEAD requests.');
  if (oddMethods > 0 && tally.add(navigation.odd_method)) tally.say('It used a method that browsers do not send.');
}

function addWay(tally: LayerTally, behavior: SessionBehavior, { navigation }: LayerWeights): void {
  const { pageRequests, backSteps, repeats } = behavior;
  if (pageRequests < navigation.pages_min) return;
  const weight = confidence(pageRequests, navigation.pages_half);

  const backShare = backSteps / pageRequests;
  if (tally.add(weight * navigation.no_back_steps * notAsUsual(backShare, navigation.back_step_share))) {
    tally.say(`${backSteps} of ${pageRequests} page views were steps back.`);
  }
  const repeatShare = repeats / pageRequests;
  if (tally.add(weight * navigation.no_repeats * notAsUsual(repeatShare, navigation.repeat_share))) {
    tally.say(`${repeats} of ${pageRequests} page views were of pages seen before.`);
  }
  if (behavior.sequenceDistinct >= SORTED_PAGES_MIN) {
    const share = sequenceShare(behavior);
    if (tally.add(weight * navigation.sorted * ramp(share, SORTED_FROM_SHARE, SORTED_FULL_SHARE))) {
      tally.say(`${percent(share)} of the first ${behavior.sequenceLength} page views came in sorted order.`);
    }
  }
}

function addExtent(tally: LayerTally, behavior: SessionBehavior, { sitePages }: SessionContext, { navigation }: LayerWeights): void {
  const { pageRequests, distinctPages } = behavior;
  if (pageRequests < navigation.pages_min) return;
  if (tally.add(navigation.many_pages * ramp(Math.log(pageRequests), Math.log(MANY_PAGES_FROM), Math.log(MANY_PAGES_FULL)))) {
    tally.say(`It asked for ${pageRequests} pages.`);
  }
  if (sitePages !== null && sitePages >= navigation.coverage_site_pages_min) {
    const share = distinctPages / sitePages;
    if (tally.add(navigation.coverage * ramp(share, COVERAGE_FROM_SHARE, COVERAGE_FULL_SHARE))) {
      tally.say(`It asked for ${distinctPages} distinct pages of a site of ${sitePages}.`);
    }
  }
}

/** 1 without any, 0 at the neutral share, -1 from twice that on. */
function notAsUsual(share: number, neutralShare: number): number {
  return within(1 - share / Math.max(neutralShare, Number.MIN_VALUE));
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}
