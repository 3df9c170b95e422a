package main

import (
	"bytes"
	"reflect"
	"runtime/debug"
	"testing"

	"slackocr/bot"
	"slackocr/bot/localslack"
)

// TestManifest: what is printed, as YAML and as JSON, is the app that the tests
// run on.
func TestManifest(t *testing.T) {
	want, err := localslack.ParseManifest(bot.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"manifest"}, {"manifest", "--json"}} {
		var out, complaints bytes.Buffer
		if status := run(t.Context(), args, system{stdout: &out, stderr: &complaints}); status != 0 || complaints.Len() > 0 {
			t.Fatalf("%v: exit status %d: %s", args, status, &complaints)
		}
		if isJSON := out.Bytes()[0] == '{'; isJSON != (len(args) > 1) {
			t.Errorf("%v prints\n%s", args, &out)
		}
		got, err := localslack.ParseManifest(out.Bytes())
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %v\ngot  %+v\nwant %+v", args, err, got, want)
		}
		if len(args) == 1 && !bytes.Equal(out.Bytes(), bot.Manifest) {
			t.Error("the YAML is not the file's")
		}
	}
}

func TestVersion(t *testing.T) {
	info := &debug.BuildInfo{GoVersion: "go1.26.1", Main: debug.Module{Version: "v1.2.3"}}
	if v := versionOf(info); v != "v1.2.3, unknown commit, go1.26.1" {
		t.Error(v)
	}
	info.Settings = []debug.BuildSetting{{Key: "vcs.revision", Value: "abc123"}, {Key: "vcs.modified", Value: "true"}}
	if v := versionOf(info); v != "v1.2.3, commit abc123 with changes, go1.26.1" {
		t.Error(v)
	}
}
