#!/usr/bin/env node
// Old syntax on purpose: this file must run on any Node that a host has. It finds Node 24 or newer
// (npm installs one beside this package) and runs the real program with it.
"use strict";
var path = require("path");
var fs = require("fs");
var childProcess = require("child_process");

var root = path.dirname(__dirname);
var main = path.join(root, "cli", "main.ts");
// A small young generation: a coordinator of a large run stays a quarter smaller, and nothing is slower. And glibc's
// allocator gives freed memory back: left alone, it keeps more and more of it, the more threads and messages there were.
var settings = require("./node-settings.json");
Object.keys(settings.environment).forEach(function (name) {
  if (process.env[name] === undefined) process.env[name] = settings.environment[name];
});

function findNode() {
  if (parseInt(process.versions.node, 10) >= 24) return process.execPath;
  var name = "node-" + process.platform + "-" + process.arch;
  try {
    var found = path.join(path.dirname(require.resolve(name + "/package.json", { paths: [root] })), "bin", "node");
    if (fs.existsSync(found)) return found;
  } catch (error) {
    if (error.code !== "MODULE_NOT_FOUND") throw error;
  }
  console.error(
    "muster: needs Node 24 or newer; this is Node " +
      process.versions.node +
      " and the package " +
      name +
      " is not installed.\nInstall Node 24, or run `npm ci` again without --omit=optional.",
  );
  process.exit(2);
}

// The program keeps its compiled sources here; told of them before its start, Node starts twice as fast. In the user's
// own folder: code from a folder that everyone may write to is anyone's code.
var cache = process.env.XDG_CACHE_HOME || path.join(require("os").homedir(), ".cache");
var compiled = path.join(cache, "muster", "compiled");
// Only where it is there already: the program makes it, and Node would try for ever where it cannot be made.
if (process.env.NODE_COMPILE_CACHE === undefined && fs.existsSync(compiled)) process.env.NODE_COMPILE_CACHE = compiled;

// The fourth channel tells the program when this launcher is gone, so that a killed launcher leaves no orphan.
var child = childProcess.spawn(findNode(), settings.flags.concat([main], process.argv.slice(2)), {
  stdio: ["inherit", "inherit", "inherit", "ipc"],
});
["SIGINT", "SIGTERM", "SIGHUP"].forEach(function (signal) {
  process.on(signal, function () {
    // A terminal's Ctrl-C reaches the whole foreground group already.
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  });
});
child.on("error", function (error) {
  console.error("muster: cannot start Node: " + error.message);
  process.exit(2);
});
child.on("exit", function (code, signal) {
  process.exit(signal ? 128 + (require("os").constants.signals[signal] || 0) : code);
});
