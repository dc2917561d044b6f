package cli

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

func (a *app) specimen() *cobra.Command {
	var out string
	var o specimen.GenerateOptions
	p := photoFlags{count: 20}
	c := &cobra.Command{
		Use: "specimen --out FOLDER", Short: "Draw cards of invented people, with the truth beside each", Args: noArgs,
		Long: `Draw both sides of the cards of invented people, and beside each picture NAME.truth.json with what it
shows. The same seed gives the same people. Every card carries 样本 (specimen), and a code strip that the
sandbox's engine "specimen" reads.

With --photo LEVEL the pictures are like those that phones, scanners and copiers take: one card, both
sides, two people's, other cards or none, from flat (a straight scan) over easy, medium, hard and extreme
to copy (a sheet of A4). They have no code strip. The truth then says as well where every card and field
is, in pixels, and which status is right. The sets train, tune and test share no person and no background.`,
		Example: `  idrec specimen --out specimens --people 100 --seed 7
  idrec specimen --out photos --photo medium --set test -n 100`,
	}
	f := c.Flags()
	f.StringVar(&out, "out", "", "`FOLDER` to write to; it is made")
	f.IntVar(&o.People, "people", 6, "how many `PEOPLE`")
	f.Uint64Var(&o.Seed, "seed", 1, "`NUMBER` that decides who they are")
	f.StringVar(&o.Format, "format", specimen.FormatJPEG, "jpg or png")
	f.IntVar(&o.Width, "width", 0, "width of the card in `PIXELS`, or of a photo's longer side; 0 is the default")
	f.BoolVar(&o.NoStrip, "no-strip", false, "leave the code strip out, for engines that really read")
	p.add(c)
	c.RunE = do(func(ctx context.Context, _ []string) error {
		if out == "" {
			return exit.Errorf(exit.Usage, "give the folder to write to with --out")
		}
		if p.level != "" {
			return a.photos(ctx, c, out, o, p)
		}
		if name := p.given(c); name != "" {
			return exit.Errorf(exit.Usage, "--%s is for photos: give --photo as well", name)
		}
		if o.People < 1 || o.People > specimen.MaxPeople {
			return exit.Errorf(exit.Usage, "--people must be 1 to %d", specimen.MaxPeople)
		}
		if o.Width != 0 && (o.Width < specimen.MinWidth || o.Width > specimen.MaxWidth) {
			return exit.Errorf(exit.Usage, "--width must be %d to %d, or 0", specimen.MinWidth, specimen.MaxWidth)
		}
		files, err := specimen.Generate(ctx, out, o)
		if err != nil {
			return ofDrawing(err)
		}
		return a.say("%d pictures of %d invented people", len(files), o.People)
	})
	return c
}

// photoFlags are the flags of photos alone.
type photoFlags struct {
	level, set, subject, typeface string
	count                         int
}

func (p *photoFlags) add(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&p.level, "photo", "", "draw photos of this `LEVEL`: "+words(specimen.Levels()))
	f.StringVar(&p.set, "set", string(specimen.SetTest), "`SET` of photos: "+words(specimen.Sets()))
	f.IntVarP(&p.count, "count", "n", p.count, "how many `PHOTOS`")
	f.StringVar(&p.subject, "subject", "", "what all photos show: "+words(specimen.Subjects())+"; all of them if not given")
	f.StringVar(&p.typeface, "typeface", "", "draw photos in a font's face: `FILE` or FILE#INDEX of a collection")
}

// given returns a flag of photos that was given, or nothing.
func (p *photoFlags) given(c *cobra.Command) string {
	for _, name := range []string{"set", "count", "subject", "typeface"} {
		if c.Flags().Changed(name) {
			return name
		}
	}
	return ""
}

// words lists the words that a flag takes.
func words[T ~string](all []T) string {
	s := make([]string, len(all))
	for i, w := range all {
		s[i] = string(w)
	}
	return strings.Join(s, ", ")
}

func (a *app) photos(ctx context.Context, c *cobra.Command, out string, o specimen.GenerateOptions, p photoFlags) error {
	for _, name := range []string{"people", "format", "no-strip"} {
		if c.Flags().Changed(name) {
			return exit.Errorf(exit.Usage, "--%s is not for photos", name)
		}
	}
	s := specimen.PhotoSet{Level: specimen.Level(p.level), Set: specimen.Set(p.set), Subject: specimen.Subject(p.subject), Seed: o.Seed, Width: o.Width}
	switch {
	case !slices.Contains(specimen.Levels(), s.Level):
		return exit.Errorf(exit.Usage, "--photo must be one of %s", words(specimen.Levels()))
	case !slices.Contains(specimen.Sets(), s.Set):
		return exit.Errorf(exit.Usage, "--set must be one of %s", words(specimen.Sets()))
	case s.Subject != specimen.SubjectMixed && !slices.Contains(specimen.Subjects(), s.Subject):
		return exit.Errorf(exit.Usage, "--subject must be one of %s", words(specimen.Subjects()))
	case p.count < 1 || p.count > specimen.MaxPhotos:
		return exit.Errorf(exit.Usage, "--count must be 1 to %d", specimen.MaxPhotos)
	case o.Width != 0 && (o.Width < specimen.MinPhotoWidth || o.Width > specimen.MaxPhotoWidth):
		return exit.Errorf(exit.Usage, "--width must be %d to %d with --photo, or 0", specimen.MinPhotoWidth, specimen.MaxPhotoWidth)
	}
	if p.typeface != "" {
		file, index := p.typeface, 0
		if name, number, ok := strings.Cut(p.typeface, "#"); ok {
			n, err := strconv.Atoi(number)
			if err != nil {
				return exit.Errorf(exit.Usage, "--typeface takes a number after #, as in font.ttc#0")
			}
			file, index = name, n
		}
		face, err := specimen.LoadTypeface(file, index)
		if err != nil {
			return ofDrawing(err)
		}
		s.Typeface = face
	}
	if err := specimen.GeneratePhotos(ctx, out, s, p.count); err != nil {
		return ofDrawing(err)
	}
	return a.say("%d photos of invented people", p.count)
}

// ofDrawing: what is refused there is what the command line asks for, and no picture's failure.
func ofDrawing(err error) error {
	if e, ok := errors.AsType[*shared.Error](err); ok && e.Code == shared.CodeInvalidRequest {
		return exit.Errorf(exit.Usage, "%s", e.Message)
	}
	return err
}
