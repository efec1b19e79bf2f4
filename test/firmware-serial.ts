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
  return {
    send: (bytes: Uint8Array | number[] | string) => port.write(Buffer.from(bytes as Uint8Array)),
    /** The next bytes; fails when they do not come. */
    async take(count: number, seconds = 20): Promise<Buffer> {
      for (let waited = 0; received.length < count; waited += 1) {
        assert.ok(waited < seconds * 1000, `${received.length} of ${count} bytes came`);
        await new Promise((done) => setTimeout(done, 1));
      }
      const taken = received.subarray(0, count);
      received = received.subarray(count);
      return taken;
    },
    /** Sends until the firmware answers: what comes before it listens is lost. Late answers are dropped. */
    async greet(): Promise<void> {
      received = Buffer.alloc(0);
      for (let tries = 0; !received.length; tries++) {
        assert.ok(tries < 200, 'the firmware is silent');
        port.write('a');
        await new Promise((done) => setTimeout(done, 50));
      }
      await new Promise((done) => setTimeout(done, 300));
      received = Buffer.alloc(0);
    },
    close: () => new Promise<void>((done) => port.close(() => done())),
  };
}
