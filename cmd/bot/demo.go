package main

import "context"

func demo(ctx context.Context, args []string, sys system) int { return statusFailed }
