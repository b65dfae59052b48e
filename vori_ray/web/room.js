// A meeting: the transcript on the left, its board on the right, the recorder below.

import * as api from "./api.js";
import { AudioStream } from "./audio-stream.js";
import { clock, h, toast } from "./dom.js";
import { t } from "./i18n.js";
import { lanes } from "./lanes.js";
import { openFile, openMicrophone } from "./sound.js";
import { on, state } from "./state.js";
import { renameSpeaker } from "./speakers.js";
import { suggestionInbox } from "./suggestions.js";
import { Transcript } from "./transcript.js";

export async function roomView(meetingId, signal) {
  const meeting = await api.get(`/api/meetings/${meetingId}`);
  const onspeaker = (name) => renameSpeaker(meetingId, name, (to) => transcript.rename(name, to)).catch((error) => toast(error.message, { isError: true }));
  const transcript = new Transcript({ onspeaker });
  transcript.settle(...(await api.get(`/api/meetings/${meetingId}/transcript`)).segments);
  const concerned = new Set((await api.get(`/api/meetings/${meetingId}/tickets`)).map(({ ticketId }) => ticketId));
  for (const topic of ["ticket.created", "ticket.updated"]) {
    on(topic, (payload) => payload.meetingId === meetingId && concerned.add(payload.ticket.ticketId), signal);
  }
  const isShown = (ticket) => ticket.meetingId === meetingId || concerned.has(ticket.ticketId);
  const board = lanes({ isShown, onhover: (ticket) => transcript.mark(ticket?.evidence), signal });
  on("event", (event) => follow(event, meetingId, transcript), signal);
  const recorder = meeting.state === "LIVE" ? new Recorder(meeting, transcript, signal) : null;
  return [
    h("div", { class: "bar" }, h("h1", {}, meeting.title),
      h("a", { class: "button", href: `#/insights/meetings/${meetingId}` }, t("insights")),
      h("a", { class: "button", href: `#/meetings/${meetingId}/minutes` }, t("minutes"))),
    h("div", { class: "room" },
      h("section", { class: "pane", "aria-label": t("transcript") }, transcript.element),
      h("section", { class: "pane", "aria-label": t("board") }, suggestionInbox(meetingId, signal), board)),
    recorder?.element,
  ];
}

/** Words of other speakers' sockets arrive as events. */
function follow({ topic, payload }, meetingId, transcript) {
  if (topic === "transcription.completed" && payload.meetingId === meetingId && !payload.isPartial) {
    transcript.settle({
      segment_id: payload.segmentId, speaker: payload.speaker, text: payload.transcript,
      start_s: payload.startS, end_s: payload.endS, language: payload.language,
    });
  }
  if (topic === "meeting.ended" && payload.meetingId === meetingId) toast(t("endedToast"));
}

class Recorder {
  constructor(meeting, transcript, signal) {
    this.meeting = meeting;
    this.transcript = transcript;
    this.signal = signal;
    this.samples = 0;
    this.meter = h("meter", { class: "level", min: 0, max: 0.3, "aria-hidden": "true" });
    this.time = h("span", { class: "time" }, clock(0));
    this.lag = h("span", { class: "quiet" });
    this.connection = h("span", { class: "connection", role: "status" }, t("idle"));
    this.button = h("button", { class: "record", onclick: () => this.toggle() }, t("record"));
    this.file = h("input", { type: "file", accept: "audio/*,video/*", class: "visually-hidden", onchange: () => this.playFile() });
    this.several = h("input", { type: "checkbox" });
    this.element = h("footer", { class: "recorder" }, this.button, this.meter, this.time, this.lag, this.connection,
      h("label", { title: t("severalHint") }, this.several, ` ${t("several")}`),
      h("label", { class: "button", tabIndex: 0 }, t("playFile"), this.file),
      h("button", { class: "danger", onclick: () => this.end() }, t("end")));
    signal.addEventListener("abort", () => this.stop());
    this.playDemo();
  }

  async playDemo() {
    const demo = sessionStorage.getItem(`demo-${this.meeting.meetingId}`);
    if (!demo) return;
    sessionStorage.removeItem(`demo-${this.meeting.meetingId}`);
    const response = await fetch(`/demo/meeting-${demo}.flac`);
    await this.play(await response.arrayBuffer());
  }

  async playFile() {
    await this.play(await this.file.files[0].arrayBuffer());
  }

  play(data) {
    return this.begin((onframe) => openFile(data, onframe, () => this.stop()));
  }

  toggle() {
    return this.stream ? this.stop() : this.begin(openMicrophone);
  }

  async begin(open) {
    this.stream = new AudioStream(this.meeting.meetingId, {
      language: this.meeting.language,
      speaker: this.several.checked ? null : state.user.name,
      diarize: this.several.checked,
      onmessage: (message) => this.receive(message),
      onstate: (name) => this.show(name),
    });
    try {
      this.source = await open((samples, level) => this.frame(samples, level));
    } catch (error) {
      this.stream = null;
      return toast(`${t("failed")} ${error.message}`, { isError: true });
    }
    this.stream.open();
    this.button.textContent = t("stop");
    this.button.classList.add("on");
  }

  frame(samples, level) {
    this.stream?.send(samples);
    this.samples += samples.length;
    this.meter.value = level;
    this.time.textContent = clock(this.samples / 16000);
  }

  receive(message) {
    if (message.type === "interim") this.transcript.interim(message);
    if (message.type === "final") this.transcript.settle({ ...message, speaker: message.speaker ?? state.user.name });
    if (message.type === "lag") this.lag.textContent = `${t("lag")} ${message.lag_s.toFixed(1)} s`;
    if (message.type === "error") toast(`${t("failed")} ${message.message}`, { isError: true });
  }

  show(name) {
    this.connection.textContent = t({ live: "connected" }[name] ?? name);
    this.connection.dataset.state = name;
  }

  async stop() {
    const { stream, source } = this;
    if (!stream) return;
    this.stream = null;
    this.button.textContent = t("record");
    this.button.classList.remove("on");
    await source?.stop();
    await stream.stop();
    this.transcript.interim(null);
  }

  async end() {
    await this.stop();
    try {
      await api.post(`/api/meetings/${this.meeting.meetingId}/end`);
      location.hash = `#/meetings/${this.meeting.meetingId}/minutes`;
    } catch (error) {
      toast(`${t("failed")} ${error.message}`, { isError: true });
    }
  }
}
