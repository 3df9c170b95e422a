package ocr_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"slackocr/ocr"
)

// TestReach sends one free request and judges what is certain.
func TestReach(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		class  ocr.Class // 0 if the endpoint is fine
	}{
		{"a list", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"data":[]}`)) }, 0},
		{"no list", http.NotFound, 0},
		{"a key that may not see it", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, 0},
		{"a wrong key", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, ocr.KeyRefused},
		{"an endpoint that fails", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, ocr.Down},
		{"a web page", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<!doctype html><p>Log in")) }, ocr.Protocol},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://other.example/", http.StatusFound)
		}, ocr.Protocol},
	} {
		t.Run(tt.name, func(t *testing.T) {
			requests := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests++
				if r.Method != http.MethodGet || r.URL.Path != "/v1/models" || r.Header.Get("Authorization") != "Bearer k" {
					t.Errorf("%s %s with %q", r.Method, r.URL, r.Header.Get("Authorization"))
				}
				tt.answer(w, r)
			}))
			defer server.Close()
			c, err := ocr.NewClient(ocr.Config{BaseURL: server.URL + "/v1/", Key: "k", Model: "m"})
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseIdleConnections()
			failure, _ := errors.AsType[*ocr.Error](c.Reach(t.Context()))
			if got := classOf(failure); got != tt.class || requests != 1 {
				t.Errorf("class %v after %d requests, want %v", got, requests, tt.class)
			}
		})
	}
}

func classOf(e *ocr.Error) ocr.Class {
	if e == nil {
		return 0
	}
	return e.Class
}
