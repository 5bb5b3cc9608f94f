/** Requests of one minute. */
export interface MinuteRequests {
  /** Whole minutes since 1970, UTC. */
  readonly minute: number;
  /** At least 1: minutes without requests are left out. */
  readonly requests: number;
}

/** A minute with what led up to it. */
export interface MinuteVelocity {
  readonly minute: number;
  /** Requests in the hour that ends with this minute: in it and the 59 before. */
  readonly requestsInHour: number;
  /** Minutes in a row up to this one that each had at least the asked number of requests; 0 if this one has not. */
  readonly minutesInRow: number;
}

const MINUTES_PER_HOUR = 60;

/**
 * What led up to each minute. Hours count in whole minutes, so that a visitor needs 60 numbers and not every request.
 *
 * @param minutes in ascending order, each once
 * @param requestsMin requests from which on a minute counts for `minutesInRow`
 */
export function measureVelocity(minutes: readonly MinuteRequests[], requestsMin: number): MinuteVelocity[] {
  let first = 0;
  let requestsInHour = 0;
  let minutesInRow = 0;
  return minutes.map(({ minute, requests }, index) => {
    const previous = minutes[index - 1];
    if (previous !== undefined && previous.minute >= minute) throw new TypeError('minutes are in ascending order');
    requestsInHour += requests;
    for (let oldest = minutes[first]; oldest !== undefined && oldest.minute <= minute - MINUTES_PER_HOUR; oldest = minutes[first]) {
      requestsInHour -= oldest.requests;
      first++;
    }
    if (requests < requestsMin) minutesInRow = 0;
    else minutesInRow = previous?.minute === minute - 1 ? minutesInRow + 1 : 1;
    return { minute, requestsInHour, minutesInRow };
  });
}
