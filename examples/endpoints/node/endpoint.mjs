// A data endpoint in Node 18 or later, without any package. Run: node endpoint.mjs
import { createServer } from "node:http";
import {
  constants, createCipheriv, createDecipheriv, createHmac, createPrivateKey, privateDecrypt,
  timingSafeEqual,
} from "node:crypto";
import { readFileSync } from "node:fs";

const KEY = createPrivateKey({
  key: readFileSync(process.env.PRIVATE_KEY_FILE ?? "private.pem"),
  passphrase: process.env.PASSPHRASE,
});
const APP_SECRET = process.env.APP_SECRET;
if (!APP_SECRET) throw new Error("Set APP_SECRET: without it anyone could call the endpoint.");
const MAX_BYTES = 14 * 1024 * 1024;
const DAYS = [{ id: "mon", title: "Monday" }, { id: "tue", title: "Tuesday" }];

// What the flow does: this is the part to write yourself.
function answer(request) {
  const { action, screen, data = {}, flow_token: token } = request;
  if (action === "ping") return { data: { status: "active" } };
  if (data.error && data.error_message) {
    console.error("the phone reports:", data.error);
    return { data: { acknowledged: true } };
  }
  if (action === "INIT" || action === "BACK") return { screen: "PICK_DAY", data: { days: DAYS } };
  if (action === "data_exchange" && screen === "PICK_DAY") {
    if (!DAYS.some((day) => day.id === data.day)) {
      return { screen, data: { days: DAYS, error_message: "Please choose one of these days." } };
    }
    const params = { flow_token: token, day: data.day };
    return { screen: "SUCCESS", data: { extension_message_response: { params } } };
  }
  throw new Error(`no answer for ${action} of ${screen}`);
}

function isSigned(body, signature) {
  const mac = createHmac("sha256", APP_SECRET).update(body).digest("hex");
  const expected = Buffer.from(`sha256=${mac}`);
  const given = Buffer.from(signature ?? "");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function decrypt(body) {
  const envelope = JSON.parse(body);
  const [data, sealedKey, iv] = ["encrypted_flow_data", "encrypted_aes_key", "initial_vector"]
    .map((name) => Buffer.from(envelope[name], "base64"));
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const aesKey = privateDecrypt({ key: KEY, padding, oaepHash: "sha256" }, sealedKey);
  const decipher = createDecipheriv("aes-128-gcm", aesKey, iv, { authTagLength: 16 });
  decipher.setAuthTag(data.subarray(-16));
  const text = Buffer.concat([decipher.update(data.subarray(0, -16)), decipher.final()]);
  return { request: JSON.parse(text), aesKey, iv };
}

function encrypt(value, aesKey, iv) {
  const flipped = Buffer.from(iv.map((byte) => byte ^ 0xff));
  const cipher = createCipheriv("aes-128-gcm", aesKey, flipped, { authTagLength: 16 });
  const parts = [cipher.update(JSON.stringify(value)), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat(parts).toString("base64");
}

function respond(body, signature) {
  if (!isSigned(body, signature)) return [432, ""];
  let opened;
  try {
    opened = decrypt(body);
  } catch {
    return [421, ""]; // The phone fetches the public key again and repeats the request.
  }
  try {
    return [200, encrypt(answer(opened.request), opened.aesKey, opened.iv)];
  } catch (error) {
    console.error(error);
    return [500, ""];
  }
}

async function read(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > MAX_BYTES) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

const server = createServer(async (request, response) => {
  const body = await read(request);
  const [status, text] = body === null
    ? [413, ""]
    : respond(body, request.headers["x-hub-signature-256"]);
  response.writeHead(status, { "Content-Type": "text/plain" }).end(text);
});
const port = Number(process.env.PORT ?? 9000);
server.listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/`));
