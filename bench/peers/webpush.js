// Encrypts and signs with npm web-push and posts over kept connections. Its own sendNotification
// knows https alone, so the request it makes is sent by node's http: that costs less, not more.
// node webpush.js JOB.json, with subscriptions, warm (how many of them first, not timed), payload, connections, publicKey, privateKey.
const { readFileSync } = require("node:fs");
const http = require("node:http");
const webpush = require("web-push");

const job = JSON.parse(readFileSync(process.argv[2], "utf8"));
const agent = new http.Agent({ keepAlive: true, maxSockets: job.connections });
const options = {
  TTL: 3600,
  urgency: "normal",
  vapidDetails: {
    subject: "mailto:warnung@musterstadt.example",
    publicKey: job.publicKey,
    privateKey: job.privateKey,
  },
};

function post(subscription) {
  const details = webpush.generateRequestDetails(subscription, job.payload, options);
  return new Promise((resolve, reject) => {
    const request = http.request(
      details.endpoint,
      { method: details.method, headers: details.headers, agent },
      (response) => {
        response.resume();
        response.on("end", () =>
          response.statusCode === 201 ? resolve() : reject(new Error(`HTTP ${response.statusCode}`)),
        );
      },
    );
    request.on("error", reject);
    request.end(details.body);
  });
}

function postAll(subscriptions) {
  const left = subscriptions.values();
  return Promise.all(
    Array.from({ length: job.connections }, async () => {
      for (const subscription of left) {
        await post(subscription);
      }
    }),
  );
}

async function main() {
  await postAll(job.subscriptions.slice(0, job.warm));
  const began = process.hrtime.bigint();
  await postAll(job.subscriptions);
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  agent.destroy();
  console.log(JSON.stringify({ seconds }));
}

main().catch((problem) => {
  console.error(problem.message);
  process.exit(1);
});
