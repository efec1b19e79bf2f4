import { openPort, type Port } from './port.js';

/** The part of the Web Serial API that esptool-js uses, over a port of this machine. */
export function webSerial(path: string) {
  let port: Port | undefined;
  let readable: ReadableStream<Uint8Array> | null = null;
  let writable: WritableStream<Uint8Array> | null = null;
  const opened = (): Port => {
    if (!port) throw new Error(`${path} is not open`);
    return port;
  };
  return {
    get readable() {
      return readable;
    },
    get writable() {
      return writable;
    },
    getInfo: () => ({}),
    async open({ baudRate }: { baudRate: number }): Promise<void> {
      const own = await openPort(path, { baud: baudRate });
      port = own;
      readable = new ReadableStream<Uint8Array>({
        async pull(controller) {
          while (port === own) {
            const bytes = await own.readSome(500);
            if (bytes.length) return controller.enqueue(bytes);
          }
          controller.close();
        },
      });
      writable = new WritableStream<Uint8Array>({ write: (bytes) => own.write(bytes) });
    },
    async close(): Promise<void> {
      const own = port;
      port = undefined;
      readable = writable = null;
      await own?.close();
    },
    setSignals: (signals: { dataTerminalReady?: boolean; requestToSend?: boolean; break?: boolean }) =>
      opened().setSignals({
        ...(signals.dataTerminalReady === undefined ? {} : { dtr: signals.dataTerminalReady }),
        ...(signals.requestToSend === undefined ? {} : { rts: signals.requestToSend }),
        ...(signals.break === undefined ? {} : { brk: signals.break }),
      }),
  };
}
