// Starts `indexcalc lsp` for the documents that it reads.
const { workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

const LANGUAGES = ["indexcalc", "python", "latex", "tex", "markdown"];
let client;

exports.activate = async () => {
  const [command, ...args] = workspace.getConfiguration("indexcalc").get("command");
  const documentSelector = LANGUAGES.flatMap((language) => [
    { language, scheme: "file" },
    { language, scheme: "untitled" },
  ]);
  client = new LanguageClient("indexcalc", "indexcalc", { command, args }, { documentSelector });
  await client.start();
};

exports.deactivate = () => client?.stop();
