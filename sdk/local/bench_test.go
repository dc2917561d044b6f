package local

import (
	"context"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

// One picture after the other by one reader, decoding included.
func BenchmarkRecognize(b *testing.B) {
	for _, c := range []struct {
		name    string
		subject specimen.Subject
		width   int
	}{
		{"portrait-1600px", specimen.SubjectPortrait, 1600}, {"emblem-1600px", specimen.SubjectEmblem, 1600},
		{"portrait-12Mpx", specimen.SubjectPortrait, 4000}, {"nothing-1600px", specimen.SubjectNone, 1600},
	} {
		b.Run(c.name, func(b *testing.B) {
			data, _ := specimen.PhotoSet{Level: specimen.LevelEasy, Set: specimen.SetTune, Seed: trialSeed, Subject: c.subject, Width: c.width}.At(1)
			p := New(Options{Readers: 1})
			req := &shared.Request{Image: shared.Image{Bytes: data}}
			b.ReportAllocs()
			before := processorTime(b)
			for b.Loop() {
				if _, err := p.Recognize(context.Background(), req); err != nil {
					b.Fatal(err)
				}
			}
			// What other work on the machine does not add to.
			b.ReportMetric((processorTime(b)-before).Seconds()*1000/float64(b.N), "cpu-ms/op")
		})
	}
}

// As many at a time as there are processors.
func BenchmarkRecognizeParallel(b *testing.B) {
	data, _ := specimen.PhotoSet{Level: specimen.LevelEasy, Set: specimen.SetTune, Seed: trialSeed, Subject: specimen.SubjectPortrait, Width: 1600}.At(1)
	p := New(Options{})
	before := processorTime(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := p.Recognize(context.Background(), &shared.Request{Image: shared.Image{Bytes: data}}); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric((processorTime(b)-before).Seconds()*1000/float64(b.N), "cpu-ms/op")
}
