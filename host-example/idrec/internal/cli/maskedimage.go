package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"os"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/batch"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/sdk/picture"
)

// masker writes pictures with what names or shows their holder covered. Their names are the digests
// that stand in the records, since names of files say whose they are.
type masker struct {
	dir             *os.Root // nil: nothing is masked
	written, failed int
}

// newMasker makes the folder; an empty one masks nothing.
func newMasker(dir string) (*masker, error) {
	if dir == "" {
		return &masker{}, nil
	}
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		var root *os.Root
		if root, err = os.OpenRoot(dir); err == nil {
			return &masker{dir: root}, nil
		}
	}
	return nil, exit.Errorf(exit.Usage, "the folder of --masked-image cannot be made or opened: give another")
}

func (m *masker) close() {
	if m.dir != nil {
		_ = m.dir.Close()
	}
}

// add writes the masked picture of an answer.
func (m *masker) add(a batch.Answer) {
	if m.dir == nil || a.Result == nil {
		return
	}
	if m.write(a) {
		m.written++
	} else {
		m.failed++
	}
}

func (m *masker) write(a batch.Answer) bool {
	places, ok := picture.Personal(a.Result)
	if !ok || a.Item.Image.Path == "" {
		return false
	}
	data, err := readPicture(a.Item.Image.Path)
	if err != nil {
		return false
	}
	sum := sha256.Sum256(data)
	name := hex.EncodeToString(sum[:])
	if name != a.Result.Picture.SHA256 {
		return false // it is another picture by now
	}
	masked, format, err := picture.Mask(data, places)
	if err != nil {
		return false
	}
	ending := ".jpg"
	if format == picture.PNG {
		ending = ".png"
	}
	return m.dir.WriteFile(name+ending, masked, 0o600) == nil
}

// said is what became of it.
func (m *masker) said() messages.Message {
	if m.failed == 0 {
		return messages.Of("%d masked pictures", m.written)
	}
	return messages.Of("%d masked pictures; %d could not be masked: they were not read, show several people's cards, came from an address, or the plugin (or --fields) does not tell places", m.written, m.failed)
}
