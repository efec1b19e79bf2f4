import { SerialPort } from 'serialport';
import * as assert from 'uvu/assert';

/** A serial port that collects what comes, without any of our own code on the way. */
export async function openSerial(path: string) {
  const port = new SerialPort({ path, baudRate: 115200, autoOpen: false });
  port.on('error', () => undefined);
  await new Promise<void>((done, fail) => port.open((error) => (error ? fail(error) : done())));
  let received = Buffer.alloc(0);
  port.on('data', (bytes: Buffer) => {
    received = Buffer.concat([received, bytes]);
  });
  const waitFor = async (there: () => boolean, seconds: number, what: () => string) => {
    for (let waited = 0; !there(); waited += 1) {
      assert.ok(waited < seconds * 1000, what());
      await new Promise((done) => setTimeout(done, 1));
    }
  };
  return {
    send: (bytes: Uint8Array | number[] | string) => port.write(Buffer.from(bytes as Uint8Array)),
    /** The next bytes; fails when they do not come. */
    async take(count: number, seconds = 20): Promise<Buffer> {
      await waitFor(
        () => received.length >= count,
        seconds,
        () => `${received.length} of ${count} bytes came`,
      );
      const taken = received.subarray(0, count);
      received = received.subarray(count);
      return taken;
    },
    /** The next line of text, without its end; fails when none comes. */
    async line(seconds = 20): Promise<string> {
      await waitFor(
        () => received.includes(10),
        seconds,
        () => `no line came, only '${received}'`,
      );
      const end = received.indexOf(10);
      const text = received
        .subarray(0, end)
        .toString('latin1')
        .replace(/[\r\0]/g, '');
      received = received.subarray(end + 1);
      return text;
    },
    /** Sends until the firmware answers: what comes before it listens is lost. Late answers are dropped. */
    async greet(text = 'a'): Promise<void> {
      received = Buffer.alloc(0);
      for (let tries = 0; !received.length; tries++) {
        assert.ok(tries < 200, 'the firmware is silent');
        port.write(text);
        await new Promise((done) => setTimeout(done, 50));
      }
      await new Promise((done) => setTimeout(done, 300));
      received = Buffer.alloc(0);
    },
    close: () => new Promise<void>((done) => port.close(() => done())),
  };
}
