package page

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"slackocr/ocr/page/internal/input"
	"slackocr/ocr/page/internal/sandbox"
	"slackocr/ocr/tempfile"
	"slackocr/ocr/turns"
)

// The default limits of a Decoder.
const (
	// DefaultProcesses is the number of processes that decode at once.
	DefaultProcesses = 2

	// DefaultMemory bounds the data of each process, in bytes. The largest
	// picture that is let through takes half of that when decoded.
	DefaultMemory = 800 << 20

	// defaultTime bounds the time of each process. A HEIC photo of 48
	// megapixels takes three seconds, and many times that on a busy machine.
	defaultTime = time.Minute

	// defaultSpace bounds the files that the processes write, in bytes.
	defaultSpace = 768 << 20

	// defaultFileTime bounds the time of all processes for a file together,
	// for each 50 of its pages. A page that has begun may end.
	defaultFileTime = 2 * time.Minute
)

// A DecoderConfig configures a Decoder. The zero value decodes in this process
// without a memory limit, for tests.
type DecoderConfig struct {
	// Command is the program, with arguments, that calls Work. One more
	// argument is added. The program runs without an environment.
	Command []string

	// IgnoreText ignores the text that a PDF carries, and reads only the
	// pictures of its pages.
	IgnoreText bool

	// Space bounds the files that the processes write, and that are not read
	// yet, in bytes; 0 means 768 MB. One person's files have at most half
	// of that.
	Space int64

	Processes int           // at once; 0 means DefaultProcesses
	Memory    int64         // of each, in bytes; 0 means DefaultMemory
	Time      time.Duration // of each; 0 means a minute
	FileTime  time.Duration // of all for one file, for each 50 pages; 0 means two minutes
}

// A Decoder opens files in separate processes. A program needs only one
// Decoder, which is safe for use by several goroutines.
type Decoder struct {
	config DecoderConfig
	turns  *turns.Turns // one for each running process
	kills  atomic.Int64

	texts, drawings *tempfile.Space

	maxPixels int // of a picture

	// execute carries out a request; the context ends with the request's time.
	execute func(ctx context.Context, r request, file, output, scratch *os.File) (answer, error)
}

// NewDecoder returns a Decoder.
func NewDecoder(c DecoderConfig) *Decoder {
	c.Processes = cmp.Or(c.Processes, DefaultProcesses)
	c.Memory = cmp.Or(c.Memory, DefaultMemory)
	c.Time = cmp.Or(c.Time, defaultTime)
	c.FileTime = cmp.Or(c.FileTime, defaultFileTime)
	c.Space = cmp.Or(c.Space, defaultSpace)
	// All processes work for one person while nobody else needs one.
	d := &Decoder{config: c, maxPixels: input.MaxPixels, turns: turns.New(c.Processes, max(1, c.Processes-1))}
	// The texts of a PDF stay until its end. They have a part of their own, or
	// else waiting files could keep all space from the pages that they wait for.
	d.texts = tempfile.NewSpace(c.Space / 12)
	d.drawings = tempfile.NewSpace(c.Space - c.Space/12)
	d.execute = d.spawn
	if len(c.Command) == 0 {
		d.execute = func(ctx context.Context, r request, file, output, scratch *os.File) (answer, error) {
			return do(ctx, r, file, output, scratch), nil
		}
	}
	return d
}

// Kills returns the number of processes that crashed, or were killed because
// of a limit.
func (d *Decoder) Kills() int64 { return d.kills.Load() }

// Used returns the space that is taken for the files of the processes, in bytes.
func (d *Decoder) Used() int64 { return d.texts.Used() + d.drawings.Used() }

// Load returns the number of running processes, and of the people whose files wait for
// one.
func (d *Decoder) Load() (running, people int) { return d.turns.Load() }

// Free reports whether a file of this person would be opened at once.
func (d *Decoder) Free(person string) bool { return d.turns.Free(person) }

// Protections says which protections hold for the processes that open files on
// this machine.
type Protections = sandbox.Protections

// Protections returns the protections of the processes that open files.
func (d *Decoder) Protections(ctx context.Context) (Protections, error) {
	nothing, err := os.Open(os.DevNull)
	if err != nil {
		return Protections{}, err
	}
	defer nothing.Close()
	a, err := d.run(ctx, d.newAccount(""), request{Task: taskConfine}, nothing, nil, nil)
	return a.Confined, err
}

// run carries out a request when the person's turn has come, within the file's
// remaining time. If another person needs the process, run begins anew later.
func (d *Decoder) run(ctx context.Context, file *account, r request, content, output, scratch *os.File) (answer, error) {
	for again := false; ; again = true {
		a, err := d.try(ctx, file, again, r, content, output, scratch)
		if !errors.Is(err, errRecalled) {
			return a, err
		}
		for _, f := range []*os.File{output, scratch} {
			if f == nil {
				continue
			}
			if err := input.Truncate(f); err != nil {
				return answer{}, fmt.Errorf("beginning a page anew: %w", err)
			}
		}
	}
}

// errRecalled is the cause of the end of a process that another person needs.
var errRecalled = errors.New("another person needs the process")

// try is run for one turn. again must be true after errRecalled.
func (d *Decoder) try(ctx context.Context, file *account, again bool, r request, content, output, scratch *os.File) (answer, error) {
	turn, err := d.turns.Take(ctx, file.person, again)
	if err != nil {
		return answer{}, err
	}
	defer turn.Done()
	limited, charge, err := file.begin(ctx, r.Kind, d.config.Time)
	if err != nil {
		return answer{}, err
	}
	working, end := context.WithCancelCause(limited)
	var watching sync.WaitGroup
	watching.Go(func() {
		select {
		case <-turn.Recalled():
			end(errRecalled)
		case <-working.Done():
		}
	})
	a, err := d.execute(working, r, content, output, scratch)
	end(nil)
	watching.Wait()
	if err == nil {
		err = a.Error.Err()
	}
	switch {
	case ctx.Err() != nil:
		charge(nil)
		return answer{}, context.Cause(ctx)
	case err != nil && errors.Is(context.Cause(working), errRecalled):
		charge(errRecalled)
		return answer{}, errRecalled
	case limited.Err() != nil:
		err = &KilledError{Kind: r.Kind, Limit: LimitTime}
	}
	charge(err)
	if _, ok := errors.AsType[*KilledError](err); ok {
		d.kills.Add(1)
	}
	return a, err
}

// maxAnswer bounds the answer of a process, in bytes: the sizes of all pages.
const maxAnswer = 1 << 20

// spawn runs the command for one request.
func (d *Decoder) spawn(ctx context.Context, r request, file, output, scratch *os.File) (answer, error) {
	r.Tools.Self, r.Memory = d.config.Command, d.config.Memory
	r.Seconds = int64((d.config.Time + time.Second - 1) / time.Second)
	arg, err := json.Marshal(r)
	if err != nil {
		return answer{}, err
	}
	from, to, err := os.Pipe()
	if err != nil {
		return answer{}, fmt.Errorf("starting the decoder: %w", err)
	}
	defer from.Close()
	var stderr input.Stderr
	argv := append(slices.Clone(d.config.Command), string(arg))
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.Env = []string{} // without tokens and keys
	c.Stdin, c.Stderr, c.ExtraFiles = file, &stderr, []*os.File{to, output, scratch}
	c.WaitDelay = time.Second
	sandbox.OwnGroup(c)
	err = c.Start()
	to.Close()
	if err != nil {
		return answer{}, fmt.Errorf("starting the decoder: %w", err)
	}
	var a answer
	decodeErr := json.NewDecoder(io.LimitReader(from, maxAnswer)).Decode(&a)
	sandbox.KillGroup(c) // the group keeps the number of its leader until Wait
	_ = c.Wait()         // the answer says how it went
	if decodeErr != nil {
		return answer{}, &KilledError{Kind: r.Kind, Limit: LimitCrash, Stderr: stderr.FirstLine()}
	}
	return a, nil
}

// account is the decoder time that a file may still use. The file is given up
// after a request that reached its time limit, and when the time is used up.
type account struct {
	person string // the owner of the file, see Options.Person

	mu   sync.Mutex // guards the fields below
	left time.Duration
	err  error // the reason why the file was given up
}

func (d *Decoder) newAccount(person string) *account {
	return &account{person: person, left: d.config.FileTime}
}

// pagesOfTime is the number of pages for which a file has Decoder.FileTime.
const pagesOfTime = 50

// extend adds the time of a file with that many pages.
func (a *account) extend(pages int, each time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.left += time.Duration((pages-1)/pagesOfTime) * each
}

// begin returns a context that ends when a request has used the most time
// allowed. The caller must call charge once with the request's error, which
// ends the context too. If the file was given up, begin returns the reason.
func (a *account) begin(ctx context.Context, kind Kind, most time.Duration) (limited context.Context, charge func(error), err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err == nil && a.left <= 0 {
		a.err = &KilledError{Kind: kind, Limit: LimitTime}
	}
	if a.err != nil {
		return nil, nil, a.err
	}
	begun := time.Now()
	limited, cancel := context.WithTimeout(ctx, min(most, a.left))
	return limited, func(err error) {
		cancel()
		a.mu.Lock()
		defer a.mu.Unlock()
		if errors.Is(err, errRecalled) {
			return // others had the use of that time
		}
		a.left -= time.Since(begun)
		if killed, ok := errors.AsType[*KilledError](err); ok && killed.Limit == LimitTime {
			a.err = err
		}
	}, nil
}
