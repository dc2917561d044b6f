package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/batch"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/source"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestMaskedPicturesAreNamedByDigestAndRefusedWherePlacesAreUnknown(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 40)), nil); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "王小明.jpg")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b.Bytes())
	answer := func() batch.Answer {
		f := shared.Field{State: shared.FieldPresent, Quad: &shared.Quad{{}, {X: 9}, {X: 9, Y: 9}, {Y: 9}}}
		return batch.Answer{Item: source.Item{Image: shared.Image{Path: file}}, Result: &shared.Result{
			Status: shared.StatusNormal, Side: shared.SidePortrait, Provider: "p", Picture: shared.Picture{SHA256: hex.EncodeToString(sum[:])},
			Fields: map[shared.FieldName]shared.Field{shared.FieldFullName: f, shared.FieldAddress: f, shared.FieldNumber: f},
			Extras: map[string]string{"p.portrait_quad": `[{"x":9,"y":9},{"x":20,"y":9},{"x":20,"y":20},{"x":9,"y":20}]`},
		}}
	}
	dir := filepath.Join(t.TempDir(), "masked")
	m, err := newMasker(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()
	m.add(answer())
	m.add(answer()) // the same once more
	noPlaces, other, address := answer(), answer(), answer()
	noPlaces.Result.Extras = nil
	other.Result.Picture.SHA256 = strings.Repeat("0", 64)
	address.Item.Image = shared.Image{URL: "https://a.example/x.jpg"}
	for _, a := range []batch.Answer{noPlaces, other, address} {
		m.add(a)
	}
	m.add(batch.Answer{Err: &shared.Error{Code: shared.CodePictureBroken}})
	if m.written != 2 || m.failed != 3 || !strings.HasPrefix(m.said().String(), "2 masked pictures; 3 could not") {
		t.Errorf("%d written, %d failed: %s", m.written, m.failed, m.said())
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != hex.EncodeToString(sum[:])+".jpg" {
		t.Errorf("%v, %v", entries, err)
	}
	off, err := newMasker("")
	if err != nil {
		t.Fatal(err)
	}
	off.add(answer())
	off.close()
	if off.dir != nil {
		t.Error("nobody asked, and it masks")
	}
}
