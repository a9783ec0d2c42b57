import { z } from 'zod';
import { visiblePlaybacks } from '../db/visible.ts';
import { isId, severalIds, validate } from '../usecases/input.ts';
import { builder } from './builder.ts';
import { timeIn } from './clip-file-name.ts';

const rules = z.object({ ids: severalIds });

builder.queryFields((t) => ({
  clipsUrl: t.field({
    type: 'URL',
    nullable: true,
    description:
      'A link with which browsers save the clips of these playbacks as one ZIP, with names as `downloadUrl` gives them. Null if none of them has a clip.',
    args: {
      ids: t.arg.idList({ required: true, description: 'The playbacks’ ids: 1 to 100.' }),
      timeZone: t.arg.string({
        required: true,
        defaultValue: 'UTC',
        description: 'The time zone of the times in the names, like Europe/Berlin.',
      }),
    },
    resolve: async (_root, { ids, timeZone }, context) => {
      const { db, caller, links } = context;
      const wanted = validate(rules, { ids }, []).ids.filter(isId);
      timeIn(timeZone, new Date()); // throws if there is no such zone
      const clips = await db.playback.findMany({
        where: { id: { in: wanted }, recordingStatus: 'COMPLETED', AND: [visiblePlaybacks(context)] },
        select: { id: true },
      });
      return clips.length > 0
        ? links.clips(
            clips.map(({ id }) => id),
            timeZone,
            caller,
          )
        : null;
    },
  }),
}));
