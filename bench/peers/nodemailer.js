// Sends the same mail to many through nodemailer's pool, as its documentation has it.
// node nodemailer.js JOB.json, with port, count, warm (how many first, not
// timed), connections, from, subject, text, html.
const { readFileSync } = require("node:fs");
const nodemailer = require("nodemailer");

const job = JSON.parse(readFileSync(process.argv[2], "utf8"));
const transport = nodemailer.createTransport({
  host: "127.0.0.1",
  port: job.port,
  pool: true,
  maxConnections: job.connections,
  maxMessages: Infinity,
  ignoreTLS: true,
});

function sendAll(count) {
  const sends = [];
  for (let number = 0; number < count; number += 1) {
    sends.push(
      transport.sendMail({
        from: job.from,
        to: `peer${number}@town.example`,
        subject: job.subject,
        text: job.text,
        html: job.html,
      }),
    );
  }
  return Promise.all(sends);
}

async function main() {
  await sendAll(job.warm);
  const began = process.hrtime.bigint();
  await sendAll(job.count);
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  transport.close();
  console.log(JSON.stringify({ seconds }));
}

main().catch((problem) => {
  console.error(problem.message);
  process.exit(1);
});
