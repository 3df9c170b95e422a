package bot

import _ "embed"

// Manifest is the manifest of the Slack app, in YAML: exactly the scopes and
// events that this version uses. The README shows the same.
// https://docs.slack.dev/reference/app-manifest
//
//go:embed manifest.yaml
var Manifest []byte
