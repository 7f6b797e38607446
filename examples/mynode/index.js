const express = require("express");

const port = Number(process.env.PORT || 8000);
const app = express();

app.get("/", (request, response) => {
  response.send("Hello from mynode\n");
});

const server = app.listen(port, () => {
  console.log(`mynode listens on port ${port}`);
});

// pid 1 has no default action for signals: without this, `mini stop` would have to wait and kill.
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => server.close(() => process.exit(0)));
}
