// The live board's socket: events of one group, in order, each once. After a gap it asks for what it missed.

import { socketUrl } from "./api.js";

export class GroupEvents extends EventTarget {
  constructor(groupId) {
    super();
    this.groupId = groupId;
    this.lastSeq = null;
    this.retryMs = 300;
  }

  open() {
    const after = this.lastSeq === null ? "" : `?after_seq=${this.lastSeq}`;
    this.socket = new WebSocket(socketUrl(`/ws/groups/${this.groupId}/events${after}`));
    this.socket.onopen = () => {
      this.retryMs = 300;
      this.#tell("state", this.lastSeq === null ? "live" : "caught up");
    };
    this.socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    this.socket.onclose = () => this.#retry();
  }

  close() {
    this.isClosed = true;
    this.socket.close();
  }

  #receive(message) {
    if (message.type === "hello") this.lastSeq ??= message.seq;
    if (message.type !== "event") return;
    if (message.seq !== null && message.seq !== undefined) {
      if (this.lastSeq !== null && message.seq <= this.lastSeq) return;
      this.lastSeq = message.seq;
    }
    this.#tell(message.topic, message.payload);
    this.#tell("any", message);
  }

  #retry() {
    if (this.isClosed) return;
    this.#tell("state", "reconnecting");
    setTimeout(() => this.open(), this.retryMs);
    this.retryMs = Math.min(5000, this.retryMs * 2);
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
