package main_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

// otherCard is how wide the pictures are that show another card; the others have specimenWidth.
const specimenWidth, otherCard = 320, 330

// clerk answers every picture at once, and tells other cards by their width.
type clerk struct{ blind }

func (c clerk) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	size, _, err := image.DecodeConfig(bytes.NewReader(req.Image.Bytes))
	if err == nil && size.Width == otherCard {
		return &shared.Result{Status: shared.StatusOtherTypeCard, Outcome: shared.OutcomeFree, Basis: shared.BasisProved}, nil
	}
	return c.blind.Recognize(ctx, req)
}

// archive is a folder as an office has it, and what is in it.
type archive struct{ cards, others, duplicates, broken, texts, pdfs, systems int }

func (a archive) pictures() int { return a.cards + a.others + a.duplicates + a.broken }

// fill writes the archive in nested folders. Pictures differ in a comment (ITU-T T.81, B.2.4.5).
func (a archive) fill(t *testing.T, dir string) {
	t.Helper()
	drawn := func(width int) []byte {
		var out bytes.Buffer
		if err := jpeg.Encode(&out, specimen.Draw(specimen.Cast()[0], shared.SideEmblem, specimen.Options{Width: width}), nil); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	card, other := drawn(specimenWidth), drawn(otherCard)
	n := 0
	write := func(name string, text []byte) {
		folder := filepath.Join(dir, strconv.Itoa(2020+n%3), strconv.Itoa(n/1000))
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%06d", n)+name), text, 0o600); err != nil {
			t.Fatal(err)
		}
		n++
	}
	numbered := func(picture []byte, number int) []byte {
		comment := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint16([]byte{0xFF, 0xFE}, 10), uint64(number))
		return append(append(append([]byte{}, picture[:2]...), comment...), picture[2:]...)
	}
	for i := range a.cards {
		write(".jpg", numbered(card, i))
	}
	for i := range a.others {
		write(".jpeg", numbered(other, i))
	}
	for i := range a.duplicates {
		write(".JPG", numbered(card, i))
	}
	for range a.broken {
		write(".png", []byte("no picture"))
	}
	for range a.texts {
		write(".txt", []byte("a text"))
	}
	for range a.pdfs {
		write(".pdf", []byte("%PDF-1.7"))
	}
	for i := range a.systems {
		if err := os.WriteFile(filepath.Join(dir, strconv.Itoa(2020+i%3), "0", []string{"Thumbs.db", "desktop.ini", ".DS_Store"}[i/3%3]), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// A folder of an office, read with the same command however often the program is killed: one row for
// each person, every file accounted for, nothing paid twice and no memory that grows. With
// IDREC_SOAK=1 there are 30,000 pictures and five kills:
//
//	IDREC_SOAK=1 go test ./host-example/idrec -run AnOffice -v -timeout 2h
//
// IDREC_PICTURES sets another number.
func TestAnOfficesFolderIsReadToTheEndWhateverIsKilled(t *testing.T) {
	t.Parallel()
	a, kills := archive{cards: 1000, others: 10, duplicates: 8, broken: 8, texts: 8, pdfs: 8, systems: 9}, 2
	if os.Getenv("IDREC_SOAK") != "" {
		a, kills = archive{cards: 30_000, others: 60, duplicates: 60, broken: 60, texts: 60, pdfs: 60, systems: 9}, 5
	}
	if v, err := strconv.Atoi(os.Getenv("IDREC_PICTURES")); err == nil {
		a.cards = v
	}
	w := newWorldWith(t, clerk{blind{&specimen.Recognizer{}}}, nil)
	a.fill(t, w.path("scans"))
	args := []string{"recognize", "scans", "--pair", "page", "--out", "cards.csv", "--concurrency", "8", "--rate", "2000", "--set", "prepare=false"}
	var memory []int
	began := time.Now()
	for kill := 1; kill <= kills; kill++ {
		r := w.start(args...)
		w.counted(int64(a.cards*kill/(kills+1)), r)
		memory = append(memory, resident(r.Process.Pid))
		if err := r.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		w.code(r)
		// As the loss of power may leave it: the end of what was written last is not whole.
		f, err := os.OpenFile(w.path("cards.csv.records.part"), os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.WriteString(`{"source":"scans/torn`)
		if cErr := f.Close(); err != nil || cErr != nil {
			t.Fatal(err, cErr)
		}
	}
	r := w.start(args...)
	w.counted(int64(a.cards), r)
	memory = append(memory, resident(r.Process.Pid))
	if got := w.code(r); got != 65 { // broken pictures and other cards
		t.Fatalf("exit %d: %s", got, r.err.String())
	}
	t.Logf("%d pictures, %d kills, %v; memory of the program %v MiB", a.pictures(), kills, time.Since(began).Round(time.Second), memory)

	table, err := csv.NewReader(strings.NewReader(w.read("cards.csv"))).ReadAll()
	if err != nil || len(table) == 0 {
		t.Fatal("the table cannot be read", err)
	}
	column := func(name string) int { return slices.Index(table[0], name) }
	records, statuses := map[string]int{}, map[string]int{}
	for _, row := range table[1:] {
		records[row[column("sources")]]++
		statuses[row[column("statuses")]]++
	}
	for name, n := range records {
		if n != 1 {
			t.Errorf("%s has %d rows", name, n)
		}
	}
	if len(records) != a.pictures() || statuses[string(shared.StatusNormal)] != a.cards+a.duplicates || statuses[string(shared.StatusOtherTypeCard)] != a.others ||
		statuses[string(shared.CodeNotAPicture)] != a.broken {
		t.Errorf("%d rows of %d people: %v", len(records), a.pictures(), statuses)
	}
	var summary struct {
		Pictures int            `json:"pictures"`
		Kinds    map[string]int `json:"passed_over_kinds"`
	}
	lines := strings.Split(strings.TrimSpace(r.out.String()), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &summary); err != nil || summary.Pictures != a.pictures() ||
		summary.Kinds["text"] != a.texts || summary.Kinds["pdf"] != a.pdfs || summary.Kinds["system"] != a.systems {
		t.Errorf("%v %s", err, r.out.String())
	}
	account := w.account()
	if distinct := int64(a.cards + a.others); account.Billed != distinct || account.Requests != distinct {
		t.Errorf("%d requests, %d billed, of %d different pictures", account.Requests, account.Billed, distinct)
	}
	for picture, n := range account.PicturesRequested {
		if n > 1 {
			t.Errorf("the picture %.8s was asked for %d times", picture, n)
		}
	}
	// Each run knows from the beginning how many pictures there are.
	if last := memory[len(memory)-1]; last > memory[0]*5/4+8 {
		t.Errorf("memory grew: %v MiB", memory)
	}
}
