/**
 * The page's key: Ed25519, made once, kept in IndexedDB by the browser, which signs with it and never shows
 * it.
 *
 * Private windows and cleared site data forget it; then the page is paired again.
 */

const DATABASE = "wavry";
const STORE = "keys";
const NAME = "client";

/** Who this page is. */
export class ClientIdentity {
  #privateKey;

  /** Use `loadOrCreate`. */
  constructor(privateKey, publicKey) {
    this.#privateKey = privateKey;
    /** @type {Uint8Array} Raw, 32 bytes. */
    this.publicKey = publicKey;
  }

  /**
   * Return the key of this browser for this page's origin, a new one where there is none.
   *
   * @returns {Promise<ClientIdentity>}
   * @throws {Error} The browser has no Ed25519, or keeps nothing.
   */
  static async loadOrCreate() {
    const database = await open();
    try {
      let pair = await result(database.transaction(STORE).objectStore(STORE).get(NAME));
      if (pair === undefined) {
        pair = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
        await result(database.transaction(STORE, "readwrite").objectStore(STORE).put(pair, NAME));
      }
      const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
      return new ClientIdentity(pair.privateKey, publicKey);
    } finally {
      database.close();
    }
  }

  /**
   * Sign.
   *
   * @param {Uint8Array} bytes
   * @returns {Promise<Uint8Array>} 64 bytes (RFC 8032).
   */
  async sign(bytes) {
    return new Uint8Array(await crypto.subtle.sign("Ed25519", this.#privateKey, bytes));
  }
}

function open() {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return result(request);
}

function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
