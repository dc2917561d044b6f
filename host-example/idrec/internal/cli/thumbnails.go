package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/jpeg"
	"runtime"
	"sync"

	"golang.org/x/image/draw"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/report"
	"github.com/seed-6b91b535/idrec/sdk/picture"
)

const (
	// mostThumbnails bounds the report, and the time that it takes.
	mostThumbnails = 1000
	// clearWidth is that of a picture on which a card can be known again, in pixels.
	clearWidth = 240
	// blurredWidth leaves of a card its colours and where it lies: a letter of the number is a third of a
	// pixel wide, a face five pixels. Nothing can be brought back from it, since no more is in the file.
	blurredWidth   = 28
	thumbnailLight = 70 // JPEG quality
)

// thumbnails are small JPEGs of the pictures that need a look, by the place of the item.
func (w *work) thumbnails(ctx context.Context, b *report.Binder) (map[int][]byte, error) {
	type wanted struct {
		at     int
		sha256 string
	}
	var all []wanted
	for c, err := range b.Cases() {
		if err != nil {
			return nil, err
		}
		if c.Level() == report.Fine {
			continue
		}
		for _, p := range c.Pictures {
			if p.At >= 0 && w.items[p.At].Image.Path != "" && len(all) < mostThumbnails {
				all = append(all, wanted{p.At, p.Record.SHA256})
			}
		}
	}
	width := blurredWidth
	if w.r.pictures && !w.r.mask {
		width = clearWidth
	}
	var mu sync.Mutex
	var workers sync.WaitGroup
	small := make(map[int][]byte, len(all))
	next := make(chan wanted)
	for range min(runtime.GOMAXPROCS(0), 4) { // a picture of a phone has 50 MB in memory
		workers.Go(func() {
			for want := range next {
				if data := thumbnail(w.items[want.at].Image.Path, want.sha256, width); data != nil {
					mu.Lock()
					small[want.at] = data
					mu.Unlock()
				}
			}
		})
	}
	for _, want := range all {
		if ctx.Err() != nil {
			break // the report goes without
		}
		next <- want
	}
	close(next)
	workers.Wait()
	return small, nil
}

// thumbnail is nil for what is no picture, or another one by now.
func thumbnail(path, sum string, width int) []byte {
	data, err := readPicture(path)
	if err != nil {
		return nil
	}
	if got := sha256.Sum256(data); sum != "" && hex.EncodeToString(got[:]) != sum {
		return nil
	}
	img, info, err := picture.Decode(data)
	if err != nil {
		return nil
	}
	img = picture.Upright(img, info.Orientation)
	size := img.Bounds().Size()
	if size.X < 1 || size.Y < 1 {
		return nil
	}
	small := image.NewRGBA(image.Rect(0, 0, width, max(1, min(width*size.Y/size.X, 3*width))))
	draw.BiLinear.Scale(small, small.Bounds(), img, img.Bounds(), draw.Src, nil)
	var out bytes.Buffer
	if jpeg.Encode(&out, small, &jpeg.Options{Quality: thumbnailLight}) != nil {
		return nil
	}
	return out.Bytes()
}
