/** The method of an iterator of messages that gives them without promises to the call that sends them. */
export const takeWith: unique symbol = Symbol("takeWith");

/**
 * Offers that: `wake` is called whenever there is something to take. What it returns gives a message, the end, or undefined where there is
 * nothing now, and throws where `next` would reject.
 */
export type TakeWith<T> = (wake: () => void) => () => IteratorResult<T, undefined> | undefined;

/** An iterator that may offer it. */
export interface MessageSource<T> extends AsyncIterator<T> {
  readonly [takeWith]?: TakeWith<T>;
}
