import { Message } from '../../data/formats/protobuf.js';

// Field numbers of TensorBoard's event.proto and summary.proto.

/** A picture as a file, for an event. */
export interface EventImage {
  height: number;
  width: number;
  /** Contents of a PNG file, red, green and blue. */
  png: Uint8Array;
}

/** What an event says. */
export type EventContent =
  | { version: true }
  /** Training starts at the event's step. TensorBoard drops what earlier files say of it and of later steps. */
  | { start: true }
  | { scalars: Readonly<Record<string, number>> }
  | { tag: string; image: EventImage };

/**
 * One event.
 *
 * @param seconds - Time since 1970.
 * @see https://github.com/tensorflow/tensorboard, tensorboard/compat/proto/event.proto and summary.proto
 */
export function event(seconds: number, step: number, content: EventContent): Uint8Array {
  const message = new Message().double(1, seconds);
  if (step > 0) message.integer(2, step);
  if ('version' in content) message.text(3, 'brain.Event:2');
  else if ('start' in content) message.message(7, new Message().integer(1, 1));
  else message.message(5, summary(content));
  return message.finish();
}

function summary(content: Extract<EventContent, { scalars: unknown } | { tag: unknown }>): Message {
  const values = new Message();
  if ('scalars' in content) {
    for (const [tag, value] of Object.entries(content.scalars)) {
      values.message(1, new Message().text(1, tag).float(2, value));
    }
    return values;
  }
  const { height, width, png } = content.image;
  const image = new Message().integer(1, height).integer(2, width).integer(3, 3).bytes(4, png);
  return values.message(1, new Message().text(1, content.tag).message(4, image));
}
