import type { AttachmentSummary, InspectorSummary, UnitActivity } from '../../protocol/inspector';
import type { TensorData } from '../graph';
import { gridOf } from '../sam/config';
import { coveredCells } from './coveredMap';
import { unitActivity } from './deadUnits';
import type { ImageInspection } from './imageInspection';
import { blockReadings, readings } from './names';

/** Of a bottleneck's readings; null where it has no activation. */
export function activityOf(all: ReadonlyMap<string, TensorData>, name: string): UnitActivity | null {
  const active = all.get(readings.active(name));
  if (active === undefined) return null;
  const { units, dead, nearDead, histogram } = unitActivity(active.data);
  return { units, dead, nearDead, histogram: [...histogram] };
}

/**
 * The figures of an inspection's overview.
 * @param id how a page names it
 * @param firstSlice what the volume calls the first slice
 */
export function summarise(inspection: ImageInspection, id: string, firstSlice = 0): InspectorSummary {
  const { model } = inspection.inspector;
  const { geometry } = inspection.pixels;
  const attachment = (name: string): AttachmentSummary => ({
    name,
    share: [...inspection.reading(readings.share(name)).data],
    activity: activityOf(inspection.readings, name),
    channels: { addition: inspection.channels(name, 'addition'), hidden: inspection.channels(name, 'hidden') },
    alongSlices: inspection.readings.has(readings.sliceAttention(name)),
  });
  return {
    inspection: id,
    model: model.name,
    adapters: model.adaptersName,
    slices: inspection.slices,
    firstSlice,
    heads: inspection.heads,
    ...geometry.original,
    cells: coveredCells(geometry, gridOf(model.config)),
    blocks: inspection.blocks.map((block) => ({
      name: block,
      change: [...inspection.reading(blockReadings.change(block)).data],
      attachments: inspection.attachments.filter((name) => name.startsWith(`${block}.`)).map(attachment),
    })),
  };
}
