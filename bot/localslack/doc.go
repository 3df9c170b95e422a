// Package localslack is a Slack workspace in one process.
package localslack
