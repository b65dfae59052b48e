// Sources of sound: the microphone, or a file played at real time. Both call `onframe(samples, level)`
// with 100 ms of 16 kHz mono Int16 samples, and `onend()` when a file is over.

const SAMPLE_RATE = 16000;
const FRAME_SAMPLES = 1600;

export async function openMicrophone(onframe) {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true },
  });
  const context = new AudioContext({ sampleRate: SAMPLE_RATE });
  await context.audioWorklet.addModule("/static/recorder-worklet.js");
  const node = new AudioWorkletNode(context, "recorder");
  node.port.onmessage = ({ data }) => onframe(data.samples, data.level);
  context.createMediaStreamSource(stream).connect(node);
  return {
    stop() {
      stream.getTracks().forEach((track) => track.stop());
      return context.close();
    },
  };
}

export async function openFile(data, onframe, onend) {
  const context = new AudioContext({ sampleRate: SAMPLE_RATE });
  const buffer = await context.decodeAudioData(data);
  const samples = mixDown(buffer);
  const player = context.createBufferSource();
  player.buffer = buffer;
  player.connect(context.destination);
  player.start();
  const startedAt = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.min(samples.length, ((performance.now() - startedAt) / 1000) * SAMPLE_RATE);
    while (sent + FRAME_SAMPLES <= due) {
      const frame = toIntegers(samples.subarray(sent, sent + FRAME_SAMPLES));
      onframe(frame.samples, frame.level);
      sent += FRAME_SAMPLES;
    }
    if (due === samples.length) {
      onframe(toIntegers(samples.subarray(sent)).samples, 0);
      clearInterval(timer);
      onend();
    }
  }, 50);
  return {
    stop() {
      clearInterval(timer);
      return context.close();
    },
  };
}

function mixDown(buffer) {
  const mixed = new Float32Array(buffer.length);
  for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
    buffer.getChannelData(channel).forEach((value, i) => (mixed[i] += value / buffer.numberOfChannels));
  }
  return mixed;
}

function toIntegers(floats) {
  let energy = 0;
  const samples = Int16Array.from(floats, (value) => {
    energy += value * value;
    return Math.max(-1, Math.min(1, value)) * 32767;
  });
  return { samples, level: Math.sqrt(energy / Math.max(1, floats.length)) };
}
