// Runs on the audio thread: collects 100 ms of mono samples and posts them as 16-bit integers with their level.

const FRAME_SAMPLES = 1600;

class Recorder extends AudioWorkletProcessor {
  constructor() {
    super();
    this.frame = new Int16Array(FRAME_SAMPLES);
    this.filled = 0;
    this.energy = 0;
  }

  process([input]) {
    for (const sample of input[0] ?? []) {
      this.energy += sample * sample;
      this.frame[this.filled++] = Math.max(-1, Math.min(1, sample)) * 32767;
      if (this.filled === FRAME_SAMPLES) this.flush();
    }
    return true;
  }

  flush() {
    const level = Math.sqrt(this.energy / FRAME_SAMPLES);
    this.port.postMessage({ samples: this.frame, level }, [this.frame.buffer]);
    this.frame = new Int16Array(FRAME_SAMPLES);
    this.filled = 0;
    this.energy = 0;
  }
}

registerProcessor("recorder", Recorder);
