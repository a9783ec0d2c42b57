import { CamerasDocument } from '../gql/graphql.ts';
import { query } from './client.ts';
import { learnAllCameras } from './entities.ts';

/** @throws Refusal */
export async function loadCameras(): Promise<void> {
  const { cameras } = await query(CamerasDocument, {});
  learnAllCameras(cameras);
}
