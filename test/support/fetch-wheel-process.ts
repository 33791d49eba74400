// Fetches a wheel as one of several processes do at once: arguments are the cache folder, name, version, and member.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fetchWheel } from "../../base/node/fetch-wheel.ts";
import { ZipFile } from "../../base/node/unzip.ts";

const [cacheFolder, name, version, member] = process.argv.slice(2) as [string, string, string, string];
const target = join(cacheFolder, "unpacked");
const options = { cacheFolder, onProgress: () => undefined, signal: new AbortController().signal };
const did = await fetchWheel({ name, version, sha256: null }, options, {
  find: () => (existsSync(target) ? "found" : null),
  unpack: ({ file }) => {
    const zip = new ZipFile(file);
    writeFileSync(
      target,
      zip
        .members()
        .find((one) => one.name === member)!
        .read(),
    );
    zip.close();
    return "unpacked";
  },
});
process.stdout.write(did);
