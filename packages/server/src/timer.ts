/** The host's timer, an argument so that tests decide when time passes. */
export interface Timer {
  /** Calls back once after so many milliseconds without keeping the process alive. */
  readonly after: (milliseconds: number, run: () => void) => void;
}

/** The timer of this process. */
export const SYSTEM_TIMER: Timer = {
  after: (milliseconds, run) => {
    setTimeout(run, milliseconds).unref();
  },
};
