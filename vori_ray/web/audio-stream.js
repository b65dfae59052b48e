// One audio stream to the server: sends sound, keeps what is not yet durable, reconnects and resumes.
// Knows nothing of the page. Messages of the protocol go to `onmessage`, the connection's state to `onstate`.

import { socketUrl } from "./api.js";

const SAMPLE_RATE = 16000;
const FIRST_RETRY_MS = 300;
const LONGEST_RETRY_MS = 5000;

export class AudioStream {
  constructor(meetingId, { language = "auto", speaker = null, diarize = false, onmessage, onstate }) {
    Object.assign(this, { meetingId, language, speaker, diarize, onmessage, onstate });
    this.sessionId = null;
    this.kept = []; // {start, samples}: sound that the server has not acknowledged
    this.position = 0; // samples given to this stream so far
    this.retryMs = FIRST_RETRY_MS;
    this.isReady = false;
    this.ending = null;
  }

  open() {
    this.onstate("connecting");
    const socket = new WebSocket(socketUrl(`/ws/meetings/${this.meetingId}/audio`));
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.onopen = () =>
      socket.send(
        JSON.stringify({
          type: "start",
          encoding: "pcm_s16le",
          sample_rate: SAMPLE_RATE,
          channels: 1,
          language: this.language,
          session_id: this.sessionId,
          speaker: this.speaker,
          diarize: this.diarize,
        }),
      );
    socket.onmessage = (event) => this.#receive(JSON.parse(event.data));
    socket.onclose = (event) => this.#closed(event);
  }

  /** Give 16 kHz mono samples (Int16Array). */
  send(samples) {
    const chunk = { start: this.position, samples };
    this.position += samples.length;
    this.kept.push(chunk);
    if (this.isReady) this.socket.send(samples);
  }

  /** End the stream; resolves when every word has been settled. */
  stop() {
    this.ending ??= new Promise((resolve) => (this.ended = resolve));
    if (this.isReady) this.socket.send(JSON.stringify({ type: "stop" }));
    return this.ending;
  }

  #receive(message) {
    if (message.type === "ready") this.#resume(message);
    else if (message.type === "ack") this.#forget(Math.floor(message.until_s * SAMPLE_RATE));
    else if (message.type === "stopped") this.ended?.();
    this.onmessage(message);
  }

  #resume({ session_id, resume_from_s }) {
    this.sessionId = session_id;
    this.retryMs = FIRST_RETRY_MS;
    this.isReady = true;
    this.onstate("live");
    const from = Math.round(resume_from_s * SAMPLE_RATE);
    for (const { start, samples } of this.kept) {
      if (start + samples.length > from) this.socket.send(samples.subarray(Math.max(0, from - start)));
    }
    if (this.ending) this.socket.send(JSON.stringify({ type: "stop" }));
  }

  #forget(until) {
    while (this.kept.length && this.kept[0].start + this.kept[0].samples.length <= until) this.kept.shift();
  }

  #closed({ code }) {
    this.isReady = false;
    const isOver = code === 1000 || code === 1003 || code === 1007 || code === 1008 || code === 1009;
    if (isOver || this.isOver) {
      this.isOver = true;
      this.ended?.();
      this.onstate("closed");
      return;
    }
    this.onstate("reconnecting");
    setTimeout(() => this.open(), this.retryMs);
    this.retryMs = Math.min(LONGEST_RETRY_MS, this.retryMs * 2);
  }
}
