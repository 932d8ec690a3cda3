// Requests of a player that has patience: asked again when they fail, given up when they stand still.

const BACKOFF_MS = [300, 600, 1000, 2000, 4000];
const PATIENCE_MS = 8000; // a request that brings nothing for so long is given up

/** It is not there, and asking again will not bring it. */
export class Gone extends Error {}

export class Errands {
  #signal;
  #trouble;

  /**
   * @param {AbortSignal} signal ends everything
   * @param {() => void} trouble is told each time the server does not answer
   */
  constructor(signal, trouble) {
    this.#signal = signal;
    this.#trouble = trouble;
  }

  /**
   * Do it again and again until it works.
   * @template T
   * @param {() => Promise<T>} act
   * @returns {Promise<T>}
   */
  async persist(act) {
    for (let failures = 0; ; failures += 1) {
      try {
        return await act();
      } catch (error) {
        const network = error instanceof TypeError || error instanceof Gone;
        if (!network || this.#signal.aborted) throw error;
        this.#trouble();
        await this.pause(BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)] ?? 4000);
      }
    }
  }

  /**
   * Ask for something; a request that stands still is given up like one that was refused.
   * @param {string} address
   * @param {(piece: Uint8Array<ArrayBuffer>) => Promise<void>} take gets the body as it arrives
   */
  async fetch(address, take) {
    const request = new AbortController();
    const end = () => request.abort(this.#signal.reason);
    this.#signal.addEventListener("abort", end);
    let patience = 0;
    const wait = () => {
      clearTimeout(patience);
      patience = setTimeout(() => request.abort(new TypeError("the server is silent")), PATIENCE_MS);
    };
    try {
      wait();
      const answer = await fetch(address, { signal: request.signal });
      if (answer.status >= 500) throw new TypeError(`the server says ${answer.status}`);
      if (!answer.ok || !answer.body) throw new Gone(address);
      const reader = answer.body.getReader();
      for (;;) {
        wait();
        const { done, value } = await reader.read();
        if (done) return;
        await take(value);
      }
    } catch (error) {
      request.abort(error); // what nobody takes need not come
      throw error;
    } finally {
      clearTimeout(patience);
      this.#signal.removeEventListener("abort", end);
    }
  }

  /**
   * Ask for something small and wait for all of it.
   * @param {string} address
   */
  async bytes(address) {
    /** @type {Uint8Array<ArrayBuffer>[]} */
    const pieces = [];
    await this.fetch(address, async (piece) => void pieces.push(piece));
    return new Uint8Array(await new Blob(pieces).arrayBuffer());
  }

  /** @param {number} ms */
  pause(ms) {
    return new Promise((resolve, reject) => {
      const signal = this.#signal;
      const end = () => reject(signal.reason);
      signal.addEventListener("abort", end, { once: true });
      setTimeout(() => {
        signal.removeEventListener("abort", end);
        resolve(undefined);
      }, Math.max(0, ms));
    });
  }
}
